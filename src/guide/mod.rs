//! Floor 3: runs actions, evaluates checks, watches resources.
