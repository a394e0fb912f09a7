use std::fmt::Write as _;

use projections::HistoryEntry;

/// The first line: what stands in which column.
pub(super) const HEADER: &str = "position,id,stream,revision,type,schema,recorded_at,actor_kind,actor_id,account,\
    provider,connection,credential,command_id,correlation_id,data\r\n";

/// An event as a line of a table (RFC 4180), in the columns of [`HEADER`].
///
/// # Errors
/// None in practice: a time is plain data.
pub(super) fn line(event: &HistoryEntry) -> Result<String, serde_json::Error> {
    let optional = |text: Option<String>| text.unwrap_or_default();
    let recorded_at = serde_json::to_value(event.recorded_at)?;
    let fields = [
        event.position.to_string(),
        event.id.to_string(),
        event.stream.clone(),
        event.revision.to_string(),
        event.kind.clone(),
        event.schema.to_string(),
        recorded_at.as_str().unwrap_or_default().to_owned(),
        event.actor.kind.as_str().to_owned(),
        event.actor.id.clone(),
        optional(event.account.as_ref().map(ToString::to_string)),
        optional(event.provider.as_ref().map(ToString::to_string)),
        optional(event.connection.as_ref().map(ToString::to_string)),
        optional(event.credential.map(|id| id.to_string())),
        event.command_id.to_string(),
        event.correlation_id.to_string(),
        event.data.get().to_owned(),
    ];
    let mut line = String::with_capacity(512);
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            line.push(',');
        }
        push(&mut line, field);
    }
    line.push_str("\r\n");
    Ok(line)
}

/// One field. Spreadsheets carry out what starts like a formula, whoever wrote it: such a field gets an apostrophe in
/// front, by which they take it for text. What starts with an apostrophe gets one too, so that a program that reads the
/// table takes one apostrophe away wherever a field starts with one, and has what was there.
fn push(line: &mut String, field: &str) {
    let guard = if field.starts_with(is_risky) { "'" } else { "" };
    if guard.is_empty() && !field.contains([',', '"', '\r', '\n']) {
        line.push_str(field);
        return;
    }
    // Writing into a string never fails.
    let _ = write!(line, "\"{guard}{}\"", field.replace('"', "\"\""));
}

/// What formulas start with, in the wide forms of East Asian keyboards too, and what is left out before one.
const fn is_risky(first: char) -> bool {
    matches!(
        first,
        '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '\'' | '＝' | '＋' | '－' | '＠'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> String {
        let mut line = String::new();
        push(&mut line, text);
        line
    }

    #[test]
    fn a_field_is_quoted_where_it_has_to_be() {
        assert_eq!(field("acme"), "acme");
        assert_eq!(field(""), "");
        assert_eq!(field("a,b"), "\"a,b\"");
        assert_eq!(field("{\"a\":1}"), "\"{\"\"a\"\":1}\"");
        assert_eq!(field("a\r\nb"), "\"a\r\nb\"");
    }

    #[test]
    fn what_starts_like_a_formula_is_text_to_a_spreadsheet_and_can_be_read_back() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            "'=1",
            "＝1",
            "＋1",
            "－1",
            "＠1",
            "=HYPERLINK(\"https://evil.example\",\"x\")",
        ] {
            let quoted = field(text);
            assert!(quoted.starts_with("\"'"), "{quoted}");
            let inner = quoted[1..quoted.len() - 1].replace("\"\"", "\"");
            assert_eq!(inner.strip_prefix('\''), Some(text));
        }
        assert_eq!(field("a=1"), "a=1");
    }
}
