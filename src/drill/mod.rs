//! Floor 3: the failover drill: probes, canary writes, phases, RTO and RPO.
