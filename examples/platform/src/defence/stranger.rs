use http::HeaderValue;
use http::Request;
use http::header::COOKIE;
use tenancy_core::TenantId;
use tenancy_security::csrf::{CsrfKey, CsrfToken, SessionCookie, SessionOf as _};
use tenancy_security::session::SessionId;

use crate::platform::Platform;

/// The cookie of somebody who is about to sign in, which nothing but the form for that is bound to.
const NAME: &str = "__Host-login";

/// How long such a form may lie about.
const SECONDS: u32 = 3600;

/// What tells a stranger's form of sign-in from one that another site made, whatever the browser says of
/// it: whoever has the cookie must send the token of its form along. Without the cookie, programs sign in,
/// and of browsers those that say where a form is from, as all do since 2023.
pub(super) fn cookie() -> SessionCookie {
    SessionCookie::new(NAME)
}

/// A cookie for a stranger who has none, and the token of a form that goes with it.
pub(crate) fn stranger(platform: &Platform, tenant: Option<TenantId>) -> (HeaderValue, CsrfToken) {
    let id = SessionId::generate();
    let id = id.expose();
    let sent = Request::get("/")
        .header(COOKIE, format!("{NAME}={id}"))
        .body(());
    let (sent, ()) = sent.expect("an id is plain ASCII").into_parts();
    let session = cookie().session(&sent).unwrap_or_default();
    let token = CsrfKey::new(platform.secret()).token(tenant, &session);
    let set = format!("{NAME}={id}; Path=/; Max-Age={SECONDS}; Secure; HttpOnly; SameSite=Strict");
    let mut set = HeaderValue::try_from(set).expect("an id is plain ASCII");
    set.set_sensitive(true);
    (set, token)
}
