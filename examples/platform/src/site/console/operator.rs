use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::request::Parts;

use crate::pages::{self, Console, Language, Link, Room};
use crate::platform::Platform;
use crate::sign_in::Visit;
use crate::site::asker::Reads;
use crate::site::refuse::NoPage;
use crate::site::sign_in::{Token, masked, private, sign_in_for};
use crate::users::Door;

/// Somebody who runs the platform and has signed in. Others are asked to, and at a shop's address there
/// is nothing of the kind.
pub(super) struct Operator {
    console: Console,
    visit: Visit,
}

impl Operator {
    /// What a page of this room needs to know.
    pub(super) fn at(self, room: Room) -> Console {
        Console {
            room,
            ..self.console
        }
    }

    /// By which it can be asked again whether this person may still be here.
    pub(super) fn into_visit(self) -> Visit {
        self.visit
    }

    pub(super) fn language(&self) -> Language {
        self.console.language
    }

    /// What a form of a page has to send along.
    pub(super) fn token(&self) -> Option<&str> {
        self.console.token.as_deref()
    }

    /// A page for this person alone.
    pub(super) fn show(page: &impl askama::Template) -> Response {
        private(pages::respond(StatusCode::OK, page))
    }
}

impl FromRequestParts<Platform> for Operator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, platform: &Platform) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, platform).await;
        let visit = visit.map_err(axum::response::IntoResponse::into_response)?;
        let Door::Platform(_) = &visit.door else {
            return Err(NoPage::not_found().into_response());
        };
        let user = visit.user(platform).await;
        let user = user.map_err(|error| NoPage::failed(&error).into_response())?;
        let Some(user) = user else {
            // What was to be done is not done later, when somebody may have forgotten it.
            let shown = Some(parts.uri.path()).filter(|_| parts.method.is_safe());
            let aim = shown.and_then(Link::local).unwrap_or_else(Link::console);
            return Err(sign_in_for(&aim));
        };
        let Ok(Reads(language)) = Reads::from_request_parts(parts, platform).await;
        let token: Token = parts.extensions.get().cloned().map(axum::Extension);
        Ok(Self {
            console: Console {
                name: platform.config().name().to_owned(),
                language,
                user: user.name.to_string(),
                token: masked(token),
                room: Room::Overview,
            },
            visit,
        })
    }
}
