"""``python -m bench [REPORT] …``: every figure of bench/README.md, or one of them."""

import runpy
import sys

from bench import analysis, answering, bench_import, bench_pages, calibration, campaign, deadlines, reviews

REPORTS = {
    "pages": bench_pages.main,
    "import": bench_import.main,
    "calibration": calibration.main,
    "analysis": analysis.main,
    "campaign": campaign.main,
    "answering": answering.main,
    "reviews": reviews.main,
    "deadlines": deadlines.main,
}

if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            sys.exit(max(report([]) for report in REPORTS.values()))
        case [name, *rest] if name in REPORTS:
            sys.exit(REPORTS[name](rest))
        case ["tables", *_]:
            sys.argv = sys.argv[1:]
            runpy.run_module("bench.bench_tables", run_name="__main__")
        case _:
            sys.exit(f"usage : python -m bench [{'|'.join(REPORTS)}|tables]")
