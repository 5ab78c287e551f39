"""The parts of bench/compare.

errors      the one exception that ends a run with a message
peers       what each tool is called with (peers.toml)
inputs      which files a family is measured on (families/*.toml)
machine     what it ran on
measure     one child process: time, CPU, peak memory
trials      the interleaved runs and the check of every restore
summary     best, median, totals, ratios against a reference, Pareto front
report_*    JSON result -> Markdown, SVG; they compute nothing of their own
cli         options, and the order of all this
"""
