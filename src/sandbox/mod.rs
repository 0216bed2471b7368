//! Floor 2: a simulated AWS in two and more Regions.
