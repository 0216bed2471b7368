//! Floor 0: the vocabulary that everything shares. Plain values and traits, no I/O.
