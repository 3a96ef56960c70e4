const draw = f => {
  const s = f.querySelector('script'); if (!s || f.dataset.drawn || !window.Plotly) return;
  f.dataset.drawn = 1;
  const spec = JSON.parse(s.textContent);
  Plotly.newPlot(f.querySelector('.plot'), spec.data, spec.layout, {responsive: true, displaylogo: false,
    displayModeBar: 'hover', toImageButtonOptions: {format: 'svg', filename: f.id},
    modeBarButtonsToRemove: ['select2d', 'lasso2d', 'zoomIn2d', 'zoomOut2d', 'autoScale2d', 'pan2d', 'zoom2d']});
};
const near = new IntersectionObserver(all => all.forEach(e => {
  if (e.isIntersecting) { near.unobserve(e.target); draw(e.target); }
}), {rootMargin: '900px'});
const watch = () => document.querySelectorAll('figure').forEach(f => near.observe(f));
const packed = document.getElementById('plotly');
if (packed) {
  const bytes = Uint8Array.from(atob(packed.textContent), c => c.charCodeAt(0));
  new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text()
    .then(code => { (0, eval)(code); watch(); });
}
window.addEventListener('beforeprint', () => {
  document.querySelectorAll('details').forEach(d => d.open = true);
  document.querySelectorAll('figure').forEach(draw);
});
const number = cell => 'v' in cell.dataset ? +cell.dataset.v : NaN;
const quote = t => '"' + (/^[=+@\t]/.test(t) ? "'" + t : t).replaceAll('"', '""') + '"';
const save = (name, lines) => {
  const out = document.createElement('a');
  out.href = URL.createObjectURL(new Blob(['\ufeff' + lines.join('\n') + '\n'], {type: 'text/csv'}));
  out.download = name + '.csv'; out.click();
};
const button = (after, say, act) => {
  const link = document.createElement('a');
  link.textContent = say; link.className = 'download'; link.href = '#';
  link.onclick = e => { e.preventDefault(); act(); };
  after.after(link);
};
// Numbers as they are in memory: value, standard deviation and unit in columns of their own.
const csv = table => {
  const rows = [...table.tBodies[0].rows], heads = [...table.tHead.rows[0].cells].map(c => c.textContent.trim());
  const columns = heads.flatMap((head, i) => {
    const cells = rows.map(r => r.cells[i]), has = key => cells.some(c => key in c.dataset);
    if (!has('v')) return [[head, ...cells.map(c => c.textContent.trim())]];
    const name = has('u') ? head.split(' / ')[0] : head;
    const found = [[name, ...cells.map(c => c.dataset.v ?? '')]];
    if (has('s')) found.push([name + ' std', ...cells.map(c => c.dataset.s ?? '')]);
    if (has('u')) found.push([name + ' unit', ...cells.map(c => c.dataset.u ?? '')]);
    if (cells.some(c => !('v' in c.dataset) && !/^[–-]?$/.test(c.textContent.trim())))
      found.push([name + ' note', ...cells.map(c => 'v' in c.dataset ? '' : c.textContent.trim())]);
    return found;
  });
  return columns[0].map((_, k) => columns.map(c => quote(c[k])).join(','));
};
document.querySelectorAll('.scroll table').forEach(table => {
  const body = table.tBodies[0]; if (!body) return;
  if (body.rows.length > 2) [...table.tHead.rows[0].cells].forEach((head, i) => {
    head.tabIndex = 0; head.title = 'sort';
    let up = true;
    const sort = () => {
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [a, b].map(r => number(r.cells[i]));
        if (isNaN(x) && isNaN(y)) return a.cells[i].textContent.localeCompare(b.cells[i].textContent) * (up ? 1 : -1);
        return isNaN(x) ? 1 : isNaN(y) ? -1 : (x - y) * (up ? 1 : -1);
      });
      up = !up; rows.forEach(r => body.append(r));
    };
    head.onclick = sort; head.onkeydown = e => { if (e.key === 'Enter') sort(); };
  });
  if ('part' in table.dataset || table.classList.contains('evidence')) return;
  button(table.parentElement, 'CSV', () => save(table.dataset.name || 'table', csv(table)));
});
document.querySelectorAll('figure').forEach(f => {
  const source = f.querySelector('script'); if (!source) return;
  button(f.querySelector('figcaption'), 'data', () => {
    const columns = JSON.parse(source.textContent).data.filter(t => Array.isArray(t.x) && t.type !== 'heatmap').flatMap((t, k) => {
      const name = t.name || 'curve ' + (k + 1);
      return [[name + ': x', ...t.x], [name + ': y', ...t.y]];
    });
    const length = Math.max(0, ...columns.map(c => c.length));
    save(f.id, [...Array(length).keys()].map(i => columns.map(c => quote(String(c[i] ?? ''))).join(',')));
  });
});
