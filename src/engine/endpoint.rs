//! Floor 5: the sandbox's doors on 127.0.0.1, one for programs that speak to AWS and one for a browser, and how people use
//! them.

use std::sync::Arc;

use super::session::Session;
use super::storefront;
use crate::sandbox::owner::{Endpoint, OwnerError};

/// Both doors. They close when this is dropped.
pub struct Doors {
    aws: Endpoint,
    shop: Endpoint,
}

/// Opens both; 0 takes a free port. `None` when there is no simulated account to open.
///
/// # Errors
/// A port cannot be had.
pub fn open(session: &Session, port: u16, shop_port: u16) -> Option<Result<Doors, OwnerError>> {
    let simulator = session.simulator.as_ref()?;
    let both = || {
        let aws = simulator.serve(port)?;
        Ok(Doors { aws, shop: storefront::serve(Arc::clone(&session.guide), Arc::new(simulator.clone()), shop_port)? })
    };
    Some(both())
}

impl Doors {
    /// The address for programs.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.aws.port)
    }

    /// What to paste into which shell, and what to open in a browser, a line each.
    pub fn text(&self) -> String {
        let url = self.url();
        [
            "  bash, zsh:  export AWS_ENDPOINT_URL={url} AWS_ACCESS_KEY_ID=sandbox AWS_SECRET_ACCESS_KEY=sandbox AWS_SESSION_TOKEN=",
            "  fish:       set -gx AWS_ENDPOINT_URL {url}; set -gx AWS_ACCESS_KEY_ID sandbox; set -gx AWS_SECRET_ACCESS_KEY sandbox",
            "  PowerShell: $env:AWS_ENDPOINT_URL='{url}'; $env:AWS_ACCESS_KEY_ID='sandbox'; $env:AWS_SECRET_ACCESS_KEY='sandbox'",
        ]
        .map(|line| line.replace("{url}", &url) + "\n")
        .concat()
            + &format!("The shop for your browser, once it is built:  http://127.0.0.1:{}/", self.shop.port)
    }
}
