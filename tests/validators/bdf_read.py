"""Read a file with `batterydf`, the public tool of the Battery Data Format; print what it finds as JSON.

Usage: python bdf_read.py FILE
"""

import json
import sys

import bdf
from bdf.validate import validate_df

table = bdf.read(sys.argv[1])
report = validate_df(table, raise_on_error=False)
print(json.dumps({"report": report, "table": table.to_dict(orient="list")}, default=str))
