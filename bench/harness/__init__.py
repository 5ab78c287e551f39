"""The parts of bench/compare and bench/distortion.

errors      the one exception that ends a run with a message
peers       what each tool is called with (peers.toml)
inputs      which files a family is measured on (families/*.toml)
machine     what it ran on
measure     one child process: time, CPU, peak memory
trials      the interleaved runs and the check of every restore
summary     best, median, totals, ratios against a reference, Pareto front
report_*    JSON result -> Markdown, SVG; they compute nothing of their own
svg         lines, text and ticks of the pictures
cli         options, and the order of all this

array_*     arrays as frames and planes, and the coders that take them (need numpy)
peer_array, extract_array   programs of their own: such coders as peers; variables as .npy
distortion* the same for lossy modes: plan, runs, reports, options
with_numpy  starts a program anew in a Python that has numpy
"""
