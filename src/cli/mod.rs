//! Floor 6: the command line, one file per subcommand, and the headless half.
