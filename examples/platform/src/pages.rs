//! The pages a visitor sees: the shops, and the platform's own front door; and those that the people see
//! who sign in.
//!
//! Every page is a view model whose template turns it into HTML, a pure function of its fields:
//! nothing here knows a database, and prices arrive as text that [`Prices`] wrote. Pages need no
//! script, and load nothing but their own stylesheet and pictures, so they work under the strictest
//! policy.

mod accent;
mod admin;
pub(crate) mod asset;
mod card;
mod category;
mod console;
mod error;
mod filters;
mod frame;
mod front;
mod html;
mod language;
mod link;
mod list;
mod price;
mod product;
mod shop;
mod sign_in;
mod structured;

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

pub(crate) use self::admin::{AdminPage, LowStock, OrderRow};
pub(crate) use self::card::{Availability, Badge, Picture, ProductCard};
pub(crate) use self::category::{CategoriesPage, CategoryNode, CategoryPage};
pub(crate) use self::console::{
    AlertView, Console, HOURS, Measured, Messages, OfPlatform, Overview, OverviewPage,
    OverviewView, RESEND_PATH, ROWS, Room, ShopRow, ShopsPage, Sorting, TEST_PATH, TablePage,
    advice, blocks, health, journal, queues, slow_statements, tested,
};
pub(crate) use self::error::{ErrorPage, Place, Trouble};
pub(crate) use self::filters::{Filters, Sort};
pub(crate) use self::front::{FrontPage, LandingPage, ShopCard};
pub(crate) use self::html::RichText;
pub(crate) use self::language::Language;
pub(crate) use self::link::Link;
pub(crate) use self::list::{ListPage, Listing};
pub(crate) use self::price::Prices;
pub(crate) use self::product::{ProductPage, Variant};
pub(crate) use self::shop::{Crumb, ShopView};
pub(crate) use self::sign_in::{Notice, SignInPage};

/// Turns a page into a response.
pub(crate) fn respond(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests;
