//! Floor 2: the append-only journal and the settings of a state directory.
