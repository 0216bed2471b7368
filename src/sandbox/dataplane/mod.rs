//! The network of the simulated world: resolvers, load balancers, API stages, and what a request gets on its way.
