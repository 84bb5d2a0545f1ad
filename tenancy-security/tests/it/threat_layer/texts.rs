//! Texts that an application reads itself, of a body that streams past.

use std::sync::{Arc, Mutex};

use http::{Request, StatusCode};
use tenancy_core::problem::Problem;
use tenancy_security::threat::{
    Action, Exclusion, Mode, Place, RoutePolicy, ThreatEvent, ThreatLayer,
};

use super::quiet;

const SCRIPT: &str = "<script>alert(1)</script>";

fn uploads(layer: ThreatLayer) -> ThreatLayer {
    layer.route(RoutePolicy::new("/media".parse().unwrap()).head_only())
}

fn check(layer: &ThreatLayer, texts: &[(&str, &str)]) -> Result<(), Box<Problem>> {
    let request = Request::post("/media").body(()).unwrap();
    let (request, ()) = request.into_parts();
    layer.check_texts(&request, texts.iter().copied())
}

#[test]
fn they_are_refused_as_if_the_layer_had_read_them() {
    let layer = uploads(quiet());
    check(
        &layer,
        &[("alt", "A <b>blue</b> lamp"), ("folder", "lamps")],
    )
    .unwrap();
    let refused = check(&layer, &[("folder", "lamps"), ("alt", SCRIPT)]).unwrap_err();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let media = || "/media".parse().unwrap();
    let excluded = layer.exclude(Exclusion::new(media(), Place::Multipart, "alt"));
    check(&excluded, &[("alt", SCRIPT)]).unwrap();
    assert!(check(&excluded, &[("folder", SCRIPT)]).is_err());
}

#[test]
fn the_mode_decides_and_what_is_found_is_told() {
    let told = |mode: Mode| {
        let events = Arc::<Mutex<Vec<ThreatEvent>>>::default();
        let sink = events.clone();
        let layer = ThreatLayer::new().mode(mode);
        let layer = layer.sink(move |event: &ThreatEvent| sink.lock().unwrap().push(event.clone()));
        let is_refused = check(&uploads(layer), &[("alt", SCRIPT)]).is_err();
        let events = events.lock().unwrap();
        let told = events.iter().map(|event| {
            assert_eq!(event.findings[0].parameter.as_deref(), Some("alt"));
            event.action
        });
        (is_refused, told.collect::<Vec<_>>())
    };
    assert_eq!(told(Mode::Block), (true, vec![Action::Refused]));
    assert_eq!(told(Mode::Observe), (false, vec![Action::Passed]));
    assert_eq!(told(Mode::Off), (false, vec![]));
}
