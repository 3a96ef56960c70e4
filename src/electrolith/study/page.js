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
const cells = row => [...row.cells].map(c => c.textContent.trim());
const size = text => { const n = parseFloat(text.replace('−', '-').replace(/\([^)]*\)(?=e)/, '')); return isNaN(n) ? text : n; };
document.querySelectorAll('.scroll table').forEach(table => {
  const body = table.tBodies[0]; if (!body || body.rows.length < 3) return;
  [...table.tHead.rows[0].cells].forEach((head, i) => {
    head.tabIndex = 0; head.title = 'sort';
    let up = true;
    const sort = () => {
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [a, b].map(r => size(r.cells[i].textContent.trim()));
        return (typeof x === typeof y ? (x < y ? -1 : x > y ? 1 : 0) : typeof x === 'number' ? -1 : 1) * (up ? 1 : -1);
      });
      up = !up; rows.forEach(r => body.append(r));
    };
    head.onclick = sort; head.onkeydown = e => { if (e.key === 'Enter') sort(); };
  });
  const link = document.createElement('a');
  link.textContent = 'CSV'; link.className = 'download'; link.href = '#';
  link.onclick = e => {
    e.preventDefault();
    const quote = t => '"' + (/^[=+@]/.test(t) ? "'" + t : t).replaceAll('"', '""') + '"';
    const text = [...table.rows].map(r => cells(r).map(quote).join(',')).join('\n');
    const out = document.createElement('a');
    out.href = URL.createObjectURL(new Blob(['\ufeff' + text], {type: 'text/csv'}));
    out.download = 'table.csv'; out.click();
  };
  table.parentElement.after(link);
});
