/// Prints a table of measurements; every row is measured beside its floor.
pub(crate) struct Table {
    rows: Vec<[String; 5]>,
}

impl Table {
    pub(crate) fn new() -> Self {
        Self {
            rows: vec![["", "measured", "floor", "ratio", "target"].map(str::to_owned)],
        }
    }

    /// A row whose ratio is given, in the sense of the target: `measured / floor` for rates and for times alike.
    pub(crate) fn row(&mut self, name: &str, measured: &str, floor: &str, ratio: f64, target: &str) {
        self.rows.push([
            name.to_owned(),
            measured.to_owned(),
            floor.to_owned(),
            format!("{ratio:.2}"),
            target.to_owned(),
        ]);
    }

    /// A row without a floor.
    pub(crate) fn figure(&mut self, name: &str, measured: &str) {
        self.rows.push([name, measured, "", "", ""].map(str::to_owned));
    }

    #[expect(clippy::print_stdout, reason = "this is what the program is for")]
    pub(crate) fn print(&self) {
        let width = |column: usize| {
            self.rows
                .iter()
                .map(|row| row[column].chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: [usize; 5] = std::array::from_fn(width);
        for row in &self.rows {
            let [name, numbers @ ..] = row;
            print!("{name:<0$}", widths[0]);
            for (number, width) in numbers.iter().zip(&widths[1..]) {
                print!("  {number:>width$}");
            }
            println!();
        }
    }
}

/// The value that half of `values` are below.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    percentile(values, 0.5)
}

/// The value that this part of `values`, from 0 to 1, are below.
pub(crate) fn percentile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "an index between 0 and the number of values, of which there are far fewer than 2^52"
    )]
    let index = (values.len() as f64 * part) as usize;
    values.get(index).or(values.last()).copied().unwrap_or(f64::NAN)
}
