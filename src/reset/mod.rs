//! Floor 3: finds what a run created, deletes it in order and proves that nothing is left.
