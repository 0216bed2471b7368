//! What holds for every sequence of keys.
