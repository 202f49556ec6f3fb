"""Pages about connections, job matches and exports: the same for every ATS."""
