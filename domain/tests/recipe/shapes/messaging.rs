//! Twilio, SendGrid, Mailchimp, Slack.

use domain::integration::Verdict;

use super::{Expected, HEX, assert_shape, get};
use crate::refused;

#[test]
fn twilio_takes_two_fields_and_its_sid_in_the_path() {
    let sid = format!("AC{HEX}");
    assert_shape(
        "twilio",
        &[("account_sid", &sid), ("auth_token", HEX)],
        &get(
            &format!("https://api.twilio.com/2010-04-01/Accounts/{sid}.json"),
            vec![(
                "authorization",
                "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjowMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZg=="
                    .to_owned(),
            )],
            "api.twilio.com",
        ),
        &[
            (
                200,
                r#"{"status":"active","friendly_name":"Acme"}"#,
                Verdict::Accepted,
                None,
                Some("Acme"),
            ),
            (
                200,
                r#"{"status":"suspended"}"#,
                Verdict::AcceptedWithWarning,
                Some("no_funds"),
                None,
            ),
            (
                200,
                r#"{"status":"closed"}"#,
                Verdict::Rejected,
                Some("account_closed"),
                None,
            ),
            (401, "{}", Verdict::Rejected, Some("invalid_credential"), None),
            (
                403,
                "{}",
                Verdict::AcceptedWithWarning,
                Some("insufficient_scope"),
                None,
            ),
        ],
    );
}

#[test]
fn sendgrid_looks_for_a_scope_in_the_region_of_the_key() {
    let key = format!("SG.{}.{HEX}abcdefghij0", "a".repeat(22));
    let expected = |host: &'static str| {
        get(
            &format!("https://{host}/v3/scopes"),
            vec![("authorization", format!("Bearer {key}"))],
            host,
        )
    };
    let answers = [
        (
            200,
            r#"{"scopes":["alerts.read","mail.send"]}"#,
            Verdict::Accepted,
            None,
            None,
        ),
        (
            200,
            r#"{"scopes":["alerts.read"]}"#,
            Verdict::AcceptedWithWarning,
            Some("insufficient_scope"),
            None,
        ),
        (401, "{}", Verdict::Rejected, Some("invalid_credential"), None),
        (
            403,
            "{}",
            Verdict::AcceptedWithWarning,
            Some("insufficient_scope"),
            None,
        ),
    ];
    assert_shape(
        "sendgrid",
        &[("api_key", &key)],
        &expected("api.sendgrid.com"),
        &answers,
    );
    assert_shape(
        "sendgrid",
        &[("api_key", &key), ("region", "eu")],
        &expected("api.eu.sendgrid.com"),
        &answers,
    );
}

#[test]
fn mailchimp_reads_its_host_out_of_the_key() {
    let row = assert_shape(
        "mailchimp",
        &[("api_key", &format!("{HEX}-us19"))],
        &get(
            "https://us19.api.mailchimp.com/3.0/ping",
            vec![(
                "authorization",
                "Basic YW55c3RyaW5nOjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmLXVzMTk=".to_owned(),
            )],
            "api.mailchimp.com",
        ),
        &[
            (
                200,
                r#"{"health_status":"Everything's Chimpy!","account_id":"a1"}"#,
                Verdict::Accepted,
                None,
                Some("a1"),
            ),
            (
                200,
                r#"{"health_status":"No"}"#,
                Verdict::Misconfigured,
                Some("unexpected_answer"),
                None,
            ),
            (401, "{}", Verdict::Rejected, Some("invalid_credential"), None),
            (
                403,
                "{}",
                Verdict::AcceptedWithWarning,
                Some("insufficient_scope"),
                None,
            ),
            (402, "{}", Verdict::AcceptedWithWarning, Some("no_funds"), None),
        ],
    );
    assert_eq!(refused(&row, &[("api_key", HEX)])[0].code, "pattern");
}

#[test]
fn slack_says_with_200_that_a_token_failed() {
    let token = format!("xoxb-{HEX}");
    assert_shape(
        "slack",
        &[("bot_token", &token)],
        &Expected {
            method: "POST",
            url: "https://slack.com/api/auth.test".to_owned(),
            headers: vec![("authorization", format!("Bearer {token}"))],
            body: None,
            host: "slack.com",
        },
        &[
            (
                200,
                r#"{"ok":true,"team":"Acme"}"#,
                Verdict::Accepted,
                None,
                Some("Acme"),
            ),
            (
                200,
                r#"{"ok":false,"error":"invalid_auth"}"#,
                Verdict::Rejected,
                Some("invalid_credential"),
                None,
            ),
            (
                200,
                r#"{"ok":false,"error":"missing_scope"}"#,
                Verdict::AcceptedWithWarning,
                Some("insufficient_scope"),
                None,
            ),
            (
                200,
                r#"{"ok":false,"error":"paid_teams_only"}"#,
                Verdict::AcceptedWithWarning,
                Some("no_funds"),
                None,
            ),
            (
                200,
                r#"{"ok":false,"error":"fatal_error"}"#,
                Verdict::Misconfigured,
                Some("unexpected_answer"),
                None,
            ),
            (200, "<html>", Verdict::Misconfigured, Some("unexpected_answer"), None),
        ],
    );
}
