use url::form_urlencoded::Serializer;

/// The address of a page with these conditions; those that say nothing are left out.
pub(crate) fn address<'n, 'v>(path: &str, conditions: impl IntoIterator<Item = (&'n str, &'v str)>) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(conditions.into_iter().filter(|(_, value)| !value.is_empty()));
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_escaped_and_empty_ones_left_out() {
        assert_eq!(address("/a", [("q", "x & y"), ("after", "")]), "/a?q=x+%26+y");
        assert_eq!(address("/a", [("q", "")]), "/a");
    }
}
