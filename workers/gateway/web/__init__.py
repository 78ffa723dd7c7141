"""Pages and scripts for browsers: the files of one release, and the pages that the gateway hosts."""
