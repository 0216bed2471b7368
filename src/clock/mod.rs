//! Floor 1: wall, paced and jumping time behind one clock.
