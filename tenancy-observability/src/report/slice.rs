use std::collections::HashMap;

use foldhash::fast::RandomState;
use tenancy_core::{Error, ErrorKind};

use super::totals::Totals;

/// Under which all endpoints are counted for which there was no room. Operations keep their method, since
/// they are no requests.
const OTHER: (&str, &str) = ("_OTHER", "__other__");

/// The method of what is no request but an operation of the application's.
pub(super) const OPERATION: &str = "";

/// The longest name of a route or an operation, in bytes.
const NAME_BYTES_MAX: usize = 200;

/// The form in which slices are stored.
const VERSION: u8 = 1;

/// What one party's requests came to in one window, by endpoint.
#[derive(Clone, Debug, Default)]
pub(super) struct Slice {
    /// By route.
    endpoints: HashMap<Box<str>, ByMethod, RandomState>,
    count: usize,
}

type ByMethod = Vec<(Box<str>, Totals)>;

impl Slice {
    /// The totals of an endpoint, or of all others where there are that many already.
    pub(super) fn totals(
        &mut self,
        method: &str,
        route: &str,
        endpoints_max: usize,
    ) -> &mut Totals {
        let is_known = self.is_known(method, route);
        let has_room = self.count < endpoints_max && route.len() <= NAME_BYTES_MAX;
        let (method, route) = match is_known || has_room {
            true => (method, route),
            false if method == OPERATION => (OPERATION, OTHER.1),
            false => OTHER,
        };
        if !self.endpoints.contains_key(route) {
            self.endpoints.insert(route.into(), Vec::new());
        }
        let methods = self.endpoints.get_mut(route).expect("it is there now");
        let place = methods.iter().position(|(known, _)| &**known == method);
        let place = place.unwrap_or_else(|| {
            self.count += 1;
            methods.push((method.into(), Totals::default()));
            methods.len() - 1
        });
        &mut methods[place].1
    }

    /// How many requests, which operations are not.
    pub(super) fn requests(&self) -> u64 {
        let requests = self.iter().filter(|(method, ..)| *method != OPERATION);
        requests.map(|(_, _, totals)| totals.times.count()).sum()
    }

    /// How many endpoints there are.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    fn is_known(&self, method: &str, route: &str) -> bool {
        let methods = self.endpoints.get(route);
        methods.is_some_and(|methods| methods.iter().any(|(known, _)| &**known == method))
    }

    pub(super) fn merge(&mut self, other: &Self, endpoints_max: usize) {
        for (method, route, totals) in other.iter() {
            self.totals(method, route, endpoints_max).merge(totals);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str, &Totals)> {
        self.endpoints.iter().flat_map(|(route, methods)| {
            let methods = methods.iter();
            methods.map(move |(method, totals)| (&**method, &**route, totals))
        })
    }

    pub(super) fn encode(&self) -> Result<Vec<u8>, Error> {
        let endpoints: Vec<_> = self.iter().collect();
        let unwritable = |error| Error::with_source(ErrorKind::InvalidInput, error);
        postcard::to_extend(&endpoints, vec![VERSION]).map_err(unwritable)
    }

    pub(super) fn decode(stored: &[u8]) -> Result<Self, Error> {
        let corrupt = || Error::with_source(ErrorKind::Corrupt, "a report's window is unreadable");
        let Some((&VERSION, endpoints)) = stored.split_first() else {
            return Err(corrupt());
        };
        let endpoints: Vec<(&str, &str, Totals)> =
            postcard::from_bytes(endpoints).map_err(|_| corrupt())?;
        let mut slice = Self::default();
        for (method, route, totals) in &endpoints {
            slice.totals(method, route, usize::MAX).merge(totals);
        }
        Ok(slice)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::layer::Spent;
    use crate::report::totals::End;

    fn sample(milliseconds: u64) -> Spent {
        Spent {
            total: Duration::from_millis(milliseconds),
            ..Spent::default()
        }
    }

    #[test]
    fn what_there_is_no_room_for_is_counted_together_and_nothing_is_lost() {
        let mut slice = Slice::default();
        for number in 0..100 {
            let route = format!("/{number}");
            slice.totals("GET", &route, 3).add(End::Fine, &sample(1));
            slice.totals("GET", "/0", 3).add(End::Fine, &sample(2));
        }
        slice
            .totals("POST", &"x".repeat(201), 100)
            .add(End::Failed, &sample(3));
        let mut counts: Vec<_> = slice
            .iter()
            .map(|(method, route, totals)| {
                (route.to_owned(), method.to_owned(), totals.times.count())
            })
            .collect();
        counts.sort();
        let expected = [
            ("/0", "GET", 101),
            ("/1", "GET", 1),
            ("/2", "GET", 1),
            ("__other__", "_OTHER", 98),
        ];
        let expected =
            expected.map(|(route, method, count)| (route.to_owned(), method.to_owned(), count));
        assert_eq!(counts, expected);
    }

    #[test]
    fn an_operation_that_there_is_no_room_for_is_no_request() {
        let mut slice = Slice::default();
        for (method, name) in [("GET", "/0"), ("GET", "/1"), (OPERATION, "import")] {
            slice.totals(method, name, 1).add(End::Fine, &sample(1));
        }
        let mut endpoints: Vec<_> = slice
            .iter()
            .map(|(method, route, _)| (method, route))
            .collect();
        endpoints.sort_unstable();
        let expected = [(OPERATION, "__other__"), ("GET", "/0"), OTHER];
        assert_eq!(endpoints, expected);
    }

    #[test]
    fn a_slice_is_read_as_it_was_written_and_rubbish_is_an_error() {
        let mut slice = Slice::default();
        slice.totals("GET", "/a", 9).add(End::Failed, &sample(5));
        slice
            .totals("POST", "/a", 9)
            .add(End::Cancelled, &sample(7));
        let stored = slice.encode().unwrap();
        let read = Slice::decode(&stored).unwrap();
        let sorted = |slice: &Slice| {
            let mut all: Vec<_> = slice
                .iter()
                .map(|(m, r, t)| (m.to_owned(), r.to_owned(), t.clone()))
                .collect();
            all.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
            all
        };
        assert_eq!(sorted(&read), sorted(&slice));
        let unreadable = |stored: &[u8]| Slice::decode(stored).unwrap_err().kind();
        assert_eq!(unreadable(&[]), ErrorKind::Corrupt);
        assert_eq!(unreadable(&[2, 0]), ErrorKind::Corrupt);
        assert_eq!(unreadable(&stored[..stored.len() - 3]), ErrorKind::Corrupt);
    }
}
