//! How an account is entered: as oneself, by a profile, by a role, or, in the sandbox, by its id.

use std::sync::Arc;

use crate::app::Mode;
use crate::aws::{Assumed, Aws, ConnectOptions, RoleOptions};
use crate::domain::Operations;
use crate::engine::session::Session;
use crate::reset::Seat;

/// What CloudTrail shows as the session's name of a reset.
pub const RESET: &str = "workshop-reset";

/// The way into a seat's account; the error says what to do. CloudTrail shows `session_name`.
pub async fn enter(
    session: &Session,
    seat: &Seat,
    region: &str,
    session_name: &str,
) -> Result<Arc<dyn Operations>, String> {
    let base = match (&session.mode, seat.profile.is_empty()) {
        (_, true) => Arc::clone(&session.sdk),
        (Mode::Sandbox, false) => {
            return Err("profiles are of real AWS; in the sandbox leave the column profile empty".to_owned());
        }
        (mode, false) => {
            let endpoint_url = if let Mode::Endpoint(url) = mode { Some(url.clone()) } else { None };
            let options =
                ConnectOptions { profile: Some(seat.profile.clone()), endpoint_url, region: region.to_owned() };
            Arc::new(Aws::connect(&options).await.map_err(|error| error.to_string())?)
        }
    };
    if !seat.role.is_empty() {
        let options = RoleOptions {
            role_arn: seat.role.clone(),
            external_id: Some(seat.external_id.clone()).filter(|id| !id.is_empty()),
            session_name: session_name.to_owned(),
            region: region.to_owned(),
        };
        return Ok(Arc::new(Assumed::new(base, options, session.clock.clone())));
    }
    // The simulated AWS takes an account's id as the access key of its administrator.
    if session.mode == Mode::Sandbox && seat.profile.is_empty() {
        return Ok(Arc::new(base.with_credentials(&seat.account, "sandbox", None)));
    }
    Ok(base)
}
