"""Where long work runs: on this machine, under Parsl, from job arrays; in chunks that may be killed."""
