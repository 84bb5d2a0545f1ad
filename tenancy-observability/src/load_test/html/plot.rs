/// The plot's own measure, in the units of its picture.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 200.0;

/// Lines over two axes, ready to be drawn.
#[derive(Debug)]
pub(super) struct Plot {
    pub(super) title: &'static str,
    pub(super) x_name: &'static str,
    pub(super) y_name: &'static str,
    pub(super) lines: Vec<Drawn>,
    /// Where a mark stands on the axis, and its number.
    pub(super) x_marks: Vec<(f64, String)>,
    pub(super) y_marks: Vec<(f64, String)>,
}

#[derive(Debug)]
pub(super) struct Axis {
    name: &'static str,
    /// Whether steps are of tenfold, not of equal amounts.
    tenfold: bool,
}

#[derive(Debug)]
pub(super) struct Line {
    name: &'static str,
    points: Vec<Option<(f64, f64)>>,
}

/// A line as the commands of a path, interrupted where nothing was measured.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) name: &'static str,
    pub(super) path: String,
    /// So that it is told apart without its colour.
    pub(super) dashed: bool,
}

impl Axis {
    pub(super) fn even(name: &'static str) -> Self {
        Self {
            name,
            tenfold: false,
        }
    }

    pub(super) fn tenfold(name: &'static str) -> Self {
        Self {
            name,
            tenfold: true,
        }
    }

    fn place(&self, value: f64, max: f64) -> f64 {
        if self.tenfold {
            value.max(1.0).log10() / max.log10()
        } else {
            value / max
        }
    }

    /// Round numbers up to `max`, which is one of them.
    fn marks(&self, most: f64) -> Vec<f64> {
        if self.tenfold {
            let decades = most.max(10.0).log10().ceil() as i32;
            return (0..=decades).map(|decade| 10_f64.powi(decade)).collect();
        }
        let most = if most > 0.0 { most } else { 1.0 };
        let magnitude = 10_f64.powf((most / 4.0).log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * magnitude);
        let step = steps.into_iter().find(|step| step * 4.0 >= most);
        let step = step.unwrap_or(most / 4.0);
        let count = (most / step).ceil() as u32;
        (0..=count).map(|mark| f64::from(mark) * step).collect()
    }
}

impl Line {
    pub(super) fn new(name: &'static str, points: Vec<Option<(f64, f64)>>) -> Self {
        Self { name, points }
    }
}

impl Plot {
    pub(super) fn of(title: &'static str, x: &Axis, y: &Axis, lines: &[Line]) -> Self {
        let points = lines.iter().flat_map(|line| line.points.iter().flatten());
        let most = points.fold((0.0_f64, 0.0_f64), |most, point| {
            (most.0.max(point.0), most.1.max(point.1))
        });
        let (x_marks, y_marks) = (x.marks(most.0), y.marks(most.1));
        let x_max = x_marks.last().copied().unwrap_or(1.0);
        let y_max = y_marks.last().copied().unwrap_or(1.0);
        let place = |(x_value, y_value): (f64, f64)| {
            let right = x.place(x_value, x_max) * WIDTH;
            (right, HEIGHT - y.place(y_value, y_max) * HEIGHT)
        };
        let lines = lines.iter().enumerate().map(|(index, line)| Drawn {
            name: line.name,
            path: path(&line.points, place),
            dashed: index % 2 == 1,
        });
        let told = |marks: Vec<f64>, at: &dyn Fn(f64) -> f64| {
            let told = marks.into_iter().map(|mark| (at(mark), number(mark)));
            told.collect()
        };
        Self {
            title,
            x_name: x.name,
            y_name: y.name,
            lines: lines.collect(),
            x_marks: told(x_marks, &|mark| place((mark, 0.0)).0),
            y_marks: told(y_marks, &|mark| place((0.0, mark)).1),
        }
    }
}

fn path(points: &[Option<(f64, f64)>], place: impl Fn((f64, f64)) -> (f64, f64)) -> String {
    let mut path = String::new();
    let mut is_down = false;
    for point in points {
        let Some((right, down)) = point.map(&place) else {
            is_down = false;
            continue;
        };
        let command = if is_down { 'L' } else { 'M' };
        path += &format!("{command}{right:.1} {down:.1}");
        // A point between two gaps is a line of no length, which round ends make visible.
        if !is_down {
            path += "h0";
        }
        is_down = true;
    }
    path
}

fn number(mark: f64) -> String {
    // No more digits than steps of a fifth of a mark have.
    let text = format!("{mark:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
