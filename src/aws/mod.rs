//! Floor 2: typed SDK clients for both Regions and the global services, behind one `Operations` port.
