//! Texts of a body that the application reads itself.

use http::request::Parts;
use tenancy_core::problem::Problem;

use super::finding::Place;
use super::inspection::Tally;
use super::layer::ThreatLayer;
use super::mode::Mode;
use super::refusal::Refusal;

impl<R> ThreatLayer<R> {
    /// Judges texts of a body that has streamed past, such as a form's beside its file: by the mode and
    /// the exclusions that hold for the request, with parameters of [`Place::Multipart`]. What is found is
    /// reported, counted and held against the client as if the layer had read it itself.
    ///
    /// # Errors
    /// What to answer with where the request is to be refused.
    pub fn check_texts<'t>(
        &self,
        request: &Parts,
        texts: impl IntoIterator<Item = (&'t str, &'t str)>,
    ) -> Result<(), Box<Problem>> {
        let settings = &self.settings;
        let mode = settings.plan(request).mode;
        if mode == Mode::Off {
            return Ok(());
        }
        let mut tally = Tally::new(mode);
        let mut inspection = settings.inspection(request, &mut tally);
        // Whether anything was found is the tally's to say.
        let _ = texts.into_iter().try_for_each(|(name, text)| {
            inspection.named(Place::Multipart, name.as_bytes(), text.as_bytes())
        });
        let is_refused = tally.is_refused();
        settings.report(request, tally);
        match is_refused {
            true => Err(Box::new(Refusal::Threat.problem(settings.encodings))),
            false => Ok(()),
        }
    }
}
