//! Floor 1: markdown to a document of blocks, and blocks to styled lines at a width.
