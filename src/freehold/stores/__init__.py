"""Where entities are kept: one adapter a technology, all held to the same contract suite."""
