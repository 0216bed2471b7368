//! Floor 2: the real data plane: DNS and HTTPS probes.
