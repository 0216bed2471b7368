//! Floor 1: the services' models as data, the wire codec and the `aws …` command line.
