use http::Method;
use http::request::Parts;
use tenancy_core::TenantScope;

/// Whether a request tries to sign somebody in.
fn is_sign_in(request: &Parts) -> bool {
    request.method == Method::POST && matches!(request.uri.path(), "/login" | "/api/login")
}

/// The class of limits that a request belongs to.
pub(super) fn class(request: &Parts) -> &'static str {
    let path = request.uri.path();
    match (&request.method, path) {
        _ if is_sign_in(request) => "auth",
        (&Method::POST, "/api/media") => "upload",
        (&Method::GET | &Method::HEAD, "/api/products" | "/products") if is_search(request) => {
            "search"
        }
        _ if path == "/api" || path.starts_with("/api/") || path.starts_with("/platform/api/") => {
            "api"
        }
        _ => "page",
    }
}

/// Whether a request is worth a place that is kept free on a busy server.
pub(super) fn is_critical(request: &Parts) -> bool {
    let path = request.uri.path();
    let scope = request.extensions.get::<TenantScope>();
    let is_somebody = scope.is_some_and(|scope| !scope.actor().is_anonymous());
    let orders = is_somebody
        && request.method == Method::POST
        && (path == "/api/orders"
            || (path.starts_with("/api/carts/") && path.ends_with("/checkout")));
    let is_console = path == "/platform" || path.starts_with("/platform/");
    let operates = is_console && scope.is_none();
    orders || operates || is_sign_in(request)
}

/// Whether words are looked for, which costs a search of the catalogue.
fn is_search(request: &Parts) -> bool {
    let query = request.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .any(|(name, value)| name == "q" && !value.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn each_request_has_its_class() {
        let check = |method: Method, uri: &str, expected: &str, critical: bool| {
            let request = Request::builder().method(method).uri(uri).body(());
            let (request, ()) = request.unwrap().into_parts();
            assert_eq!(class(&request), expected, "{uri}");
            assert_eq!(is_critical(&request), critical, "{uri}");
        };
        check(Method::GET, "/api/products?limit=5", "api", false);
        check(
            Method::GET,
            "/api/products?limit=5&q=red+mug",
            "search",
            false,
        );
        check(Method::GET, "/products?q=", "page", false);
        check(Method::GET, "/products?%71=mug", "search", false);
        check(Method::POST, "/api/products?q=mug", "api", false);
        check(Method::POST, "/api/media", "upload", false);
        check(Method::GET, "/api/media", "api", false);
        check(Method::POST, "/api/login", "auth", true);
        check(Method::GET, "/login", "page", false);
        check(Method::POST, "/login", "auth", true);
        check(Method::POST, "/api/orders", "api", false);
        check(Method::GET, "/platform", "page", true);
        check(Method::GET, "/", "page", false);
        check(Method::GET, "/apiary", "page", false);
    }
}
