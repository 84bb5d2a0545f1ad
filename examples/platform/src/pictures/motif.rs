use std::f64::consts::TAU;
use std::fmt::Write;

use super::color::Color;
use super::random::Random;

/// The colors of one picture, from light to dark, and one that stands out.
pub(super) struct Palette {
    pub(super) paper: Color,
    light: Color,
    middle: Color,
    strong: Color,
    dark: Color,
    spark: Color,
}

impl Palette {
    pub(super) fn around(hue: f64, random: &mut Random) -> Self {
        let spark = hue + random.pick(&[60.0, 150.0, 180.0, 210.0]);
        Self {
            paper: Color::from_oklch(0.94, 0.025, hue + 20.0),
            light: Color::from_oklch(0.86, 0.06, hue + 10.0),
            middle: Color::from_oklch(0.74, 0.095, hue),
            strong: Color::from_oklch(0.58, 0.115, hue - 8.0),
            dark: Color::from_oklch(0.39, 0.075, hue - 18.0),
            spark: Color::from_oklch(0.77, 0.125, spark),
        }
    }

    /// Any of the colors that stand out from the light one.
    fn any(&self, random: &mut Random) -> Color {
        *random.pick(&[self.middle, self.strong, self.dark, self.spark])
    }
}

type Motif = fn(&Palette, &mut Random) -> String;

/// Every motif. The order is part of what each picture looks like.
pub(super) const ALL: [Motif; 7] = [hills, tiles, arches, discs, stones, orbits, leaves];

/// A sun over layered hills.
fn hills(palette: &Palette, random: &mut Random) -> String {
    let mut svg = disc(
        random.between(90.0, 310.0),
        random.between(90.0, 150.0),
        random.between(38.0, 64.0),
        palette.spark,
    );
    let layers = [palette.light, palette.middle, palette.strong, palette.dark];
    for (index, color) in layers.into_iter().enumerate() {
        let height = 165.0 + 62.0 * index as f64;
        let [left, peak, valley, right] =
            [30.0, 58.0, 46.0, 30.0].map(|sway| height + random.between(-sway, sway));
        let middle = random.between(150.0, 250.0);
        draw(
            &mut svg,
            format_args!(
                "<path d=\"M0 {left:.0}C70 {peak:.0} {:.0} {peak:.0} {middle:.0} {height:.0}\
                 S330 {valley:.0} 400 {right:.0}V400H0Z\" fill=\"{color}\"/>",
                middle - 70.0,
            ),
        );
    }
    svg
}

/// A quilt of quarter circles, half circles and dots.
fn tiles(palette: &Palette, random: &mut Random) -> String {
    let mut svg = String::new();
    for cell in 0..16 {
        let (x, y) = (f64::from(cell % 4) * 100.0, f64::from(cell / 4) * 100.0);
        let ground = *random.pick(&[palette.paper, palette.light, palette.middle]);
        let shape = *random.pick(&[palette.strong, palette.dark, palette.spark, palette.strong]);
        let path = *random.pick(&[
            "M0 0H100A100 100 0 0 1 0 100Z",
            "M0 50A50 50 0 0 1 100 50V100H0Z",
            "M100 0A100 100 0 0 0 0 100H100Z",
            "M50 18A32 32 0 1 1 49.9 18Z",
            "M0 0A50 50 0 0 0 100 0Z",
        ]);
        let turn = 90 * random.below(4);
        draw(
            &mut svg,
            format_args!(
                "<g transform=\"translate({x} {y})\"><path d=\"M0 0H101V101H0Z\" fill=\"{ground}\"/>\
                 <path d=\"{path}\" fill=\"{shape}\" stroke=\"{shape}\" \
                 stroke-width=\".7\" transform=\"rotate({turn} 50 50)\"/></g>",
            ),
        );
    }
    svg
}

/// Arches within arches.
fn arches(palette: &Palette, random: &mut Random) -> String {
    let center = random.between(150.0, 250.0);
    let top = random.between(120.0, 190.0);
    let mut svg = disc(
        if center < 200.0 {
            random.between(310.0, 350.0)
        } else {
            random.between(50.0, 90.0)
        },
        random.between(60.0, 110.0),
        random.between(24.0, 40.0),
        palette.spark,
    );
    let mut colors = [
        palette.dark,
        palette.strong,
        palette.middle,
        palette.light,
        palette.paper,
    ];
    colors[..4].rotate_left(random.below(4) as usize);
    for (index, color) in colors.into_iter().enumerate() {
        let radius = 150.0 - 29.0 * index as f64;
        let (left, right) = (center - radius, center + radius);
        let crown = top + 50.0;
        draw(
            &mut svg,
            format_args!(
                "<path d=\"M{left:.0} 400V{crown:.0}A{radius} {radius} 0 0 1 {right:.0} {crown:.0}\
                 V400Z\" fill=\"{color}\"/>",
            ),
        );
    }
    svg
}

/// Large translucent discs that mix where they meet.
fn discs(palette: &Palette, random: &mut Random) -> String {
    let mut svg = String::new();
    let turn = random.between(0.0, TAU);
    for (index, color) in [palette.light, palette.middle, palette.spark, palette.strong]
        .into_iter()
        .enumerate()
    {
        let angle = turn + TAU / 4.0 * index as f64 + random.between(-0.4, 0.4);
        let away = random.between(55.0, 95.0);
        let radius = random.between(70.0, 125.0);
        draw(
            &mut svg,
            format_args!(
                "<circle cx=\"{:.0}\" cy=\"{:.0}\" r=\"{radius:.0}\" fill=\"{color}\" opacity=\".82\"/>",
                200.0 + away * angle.cos(),
                200.0 + away * angle.sin(),
            ),
        );
    }
    svg + &disc(
        random.between(170.0, 230.0),
        random.between(170.0, 230.0),
        26.0,
        palette.dark,
    )
}

/// A balanced pile of pebbles.
fn stones(palette: &Palette, random: &mut Random) -> String {
    let mut svg = format!("<path d=\"M0 330H400V400H0Z\" fill=\"{}\"/>", palette.light);
    svg += &disc(
        *random.pick(&[90.0, 310.0]),
        random.between(80.0, 130.0),
        random.between(34.0, 52.0),
        palette.spark,
    );
    let mut base = 336.0;
    let mut width: f64 = random.between(120.0, 140.0);
    for color in [
        palette.dark,
        palette.strong,
        palette.middle,
        palette.strong,
        palette.dark,
    ] {
        let height = random.between(24.0, 36.0);
        let x = 200.0 + random.between(-14.0, 14.0);
        let y = base - height;
        draw(
            &mut svg,
            format_args!(
                "<ellipse cx=\"{x:.0}\" cy=\"{y:.0}\" rx=\"{width:.0}\" ry=\"{height:.0}\" \
                 fill=\"{color}\"/><ellipse cx=\"{:.0}\" cy=\"{:.0}\" rx=\"{:.0}\" ry=\"{:.0}\" \
                 fill=\"#fff\" opacity=\".14\"/>",
                x - width * 0.12,
                y - height * 0.34,
                width * 0.66,
                height * 0.36,
            ),
        );
        base -= height * 1.86;
        width *= random.between(0.7, 0.84);
    }
    svg
}

/// Rings with a moon on each.
fn orbits(palette: &Palette, random: &mut Random) -> String {
    let (x, y) = (random.between(160.0, 240.0), random.between(160.0, 240.0));
    let mut svg = disc(x, y, 236.0, palette.light);
    for (index, color) in [palette.middle, palette.strong, palette.dark, palette.strong]
        .into_iter()
        .enumerate()
    {
        let radius = 172.0 - 38.0 * index as f64;
        let stroke = random.between(5.0, 17.0);
        draw(
            &mut svg,
            format_args!(
                "<circle cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"{radius}\" fill=\"none\" \
                 stroke=\"{color}\" stroke-width=\"{stroke:.0}\"/>",
            ),
        );
        let angle = random.between(0.0, TAU);
        let moon = if index == 1 {
            palette.spark
        } else {
            palette.any(random)
        };
        let size = random.between(11.0, 24.0);
        svg += &disc(
            x + radius * angle.cos(),
            y + radius * angle.sin(),
            size,
            moon,
        );
    }
    svg + &disc(x, y, 30.0, palette.spark)
}

/// Stems with leaves in pairs.
fn leaves(palette: &Palette, random: &mut Random) -> String {
    let mut svg = disc(
        random.between(120.0, 280.0),
        random.between(120.0, 230.0),
        random.between(90.0, 130.0),
        palette.light,
    );
    for (x, color) in [
        (110.0, palette.middle),
        (290.0, palette.strong),
        (200.0, palette.dark),
    ] {
        let x = x + random.between(-18.0, 18.0);
        let lean = random.between(-9.0, 9.0);
        let pairs = 3 + random.below(3);
        let size = random.between(0.8, 1.15);
        draw(
            &mut svg,
            format_args!(
                "<g transform=\"translate({x:.0} 410) rotate({lean:.0}) scale({size:.2})\" \
                 fill=\"{color}\"><path d=\"M-3 0L-1 -{0}H1L3 0Z\"/>",
                60 * pairs + 20,
            ),
        );
        for pair in 0..pairs {
            let y = 55 + 60 * pair;
            draw(
                &mut svg,
                format_args!(
                    "<path d=\"M0 -{y}C14 -{0} 50 -{1} 78 -{2}C72 -{y} 34 -{3} 0 -{y}Z\
                     M0 -{y}C-14 -{0} -50 -{1} -78 -{2}C-72 -{y} -34 -{3} 0 -{y}Z\"/>",
                    y + 40,
                    y + 58,
                    y + 52,
                    y - 12,
                ),
            );
        }
        svg += "</g>";
    }
    svg + &disc(
        random.between(60.0, 340.0),
        random.between(40.0, 80.0),
        20.0,
        palette.spark,
    )
}

fn disc(x: f64, y: f64, radius: f64, color: Color) -> String {
    format!("<circle cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"{radius:.0}\" fill=\"{color}\"/>")
}

fn draw(svg: &mut String, shape: std::fmt::Arguments<'_>) {
    svg.write_fmt(shape)
        .expect("a string takes all that is written to it");
}
