use similar::{ChangeTag, TextDiff};

/// So many lines that are the same stand around those that are not.
const AROUND: usize = 3;

/// What differs between two texts, line by line; lines that are the same are left out but for those around.
pub(super) struct Diff {
    pub(super) parts: Vec<Vec<Line>>,
}

/// A line of either text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its class in the style sheet.
    pub(super) kind: &'static str,
    /// `+`, `-` or a space, for those who see no colours.
    pub(super) sign: char,
    /// What is read aloud before it.
    pub(super) spoken: &'static str,
    pub(super) text: String,
}

impl Diff {
    pub(super) fn between(old: &str, new: &str) -> Self {
        let diff = TextDiff::from_lines(old, new);
        let mut parts = Vec::new();
        for group in diff.grouped_ops(AROUND) {
            let changes = group.iter().flat_map(|op| diff.iter_changes(op));
            parts.push(changes.map(|change| Line::new(change.tag(), change.value())).collect());
        }
        Self { parts }
    }
}

impl Line {
    fn new(tag: ChangeTag, text: &str) -> Self {
        let (kind, sign, spoken) = match tag {
            ChangeTag::Equal => ("same", ' ', ""),
            ChangeTag::Delete => ("gone", '-', "Before: "),
            ChangeTag::Insert => ("new", '+', "After: "),
        };
        Self {
            kind,
            sign,
            spoken,
            text: text.trim_end_matches('\n').to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_shown_with_a_little_around_it() {
        let lines: Vec<_> = (1..=20).map(|n| format!("line {n}\n")).collect();
        let old = lines.concat();
        let new = old.replace("line 10\n", "line ten\nand more\n");
        let diff = Diff::between(&old, &new);
        let [part] = diff.parts.as_slice() else {
            panic!("{} parts", diff.parts.len())
        };
        let lines: Vec<_> = part.iter().map(|line| format!("{}{}", line.sign, line.text)).collect();
        assert_eq!(
            lines,
            [
                " line 7",
                " line 8",
                " line 9",
                "-line 10",
                "+line ten",
                "+and more",
                " line 11",
                " line 12",
                " line 13"
            ]
        );
        assert!(Diff::between(&old, &old).parts.is_empty());
    }
}
