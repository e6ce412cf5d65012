//! Where a span is in its trace, as W3C's `traceparent` says it.
//!
//! ```text
//!  00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
//!  version      trace id                span id       flags
//! ```

/// The place of a span.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct SpanContext {
    pub(crate) trace: u128,
    pub(crate) span: u64,
    pub(crate) flags: u8,
}

impl SpanContext {
    /// Reads a `traceparent`. Later versions may say more at the end.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split('-');
        let version = hex(fields.next()?, 2)?;
        let trace = hex(fields.next()?, 32)?;
        let span = u64::try_from(hex(fields.next()?, 16)?).ok()?;
        let flags = u8::try_from(hex(fields.next()?, 2)?).ok()?;
        let is_whole = version != 0 || fields.next().is_none();
        let is_valid = version != 0xff && trace != 0 && span != 0 && is_whole;
        is_valid.then_some(Self { trace, span, flags: flags & KNOWN_FLAGS })
    }

    /// Whether somebody will look at the trace.
    pub(crate) fn is_sampled(&self) -> bool {
        self.flags & SAMPLED != 0
    }

    /// The place of a span beneath this one, with an id made of a random number.
    pub(crate) fn child(&self, random: u64) -> Self {
        Self { span: random.max(1), ..*self }
    }

    /// As those who go on with the trace read it.
    pub(crate) fn traceparent(&self) -> String {
        let Self { trace, span, flags } = self;
        format!("00-{trace:032x}-{span:016x}-{flags:02x}")
    }
}

const SAMPLED: u8 = 1;
/// The second says that the trace's id is random. Others would mean something that we do not know.
const KNOWN_FLAGS: u8 = SAMPLED | 2;

/// So many digits, none of them a capital.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_whole = text.len() == digits && text.bytes().all(is_hex);
    is_whole.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_traceparent_is_read_and_written() {
        let context = SpanContext::parse(PARENT).expect("a context");

        assert_eq!(context.trace, 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
        assert_eq!(context.span, 0xb7ad_6b71_6920_3331);
        assert!(context.is_sampled());
        assert_eq!(context.traceparent(), PARENT);
    }

    #[test]
    fn a_child_is_in_the_same_trace_and_never_without_an_id() {
        let context = SpanContext::parse(PARENT).expect("a context");

        assert_eq!(
            context.child(0xab).traceparent(),
            "00-0af7651916cd43dd8448eb211c80319c-00000000000000ab-01"
        );
        assert_eq!(context.child(0).span, 1);
    }

    #[test]
    fn only_the_last_bit_of_the_flags_is_about_sampling() {
        for (flags, is_sampled, kept) in [("00", false, 0), ("02", false, 2), ("ff", true, 3)] {
            let context = SpanContext::parse(&PARENT.replace("-01", &format!("-{flags}")));
            let context = context.expect("a context");

            assert_eq!((context.is_sampled(), context.flags), (is_sampled, kept), "{flags}");
        }
    }

    #[test]
    fn what_is_no_traceparent_is_none() {
        let later = PARENT.replacen("00", "cc", 1) + "-more";
        assert!(SpanContext::parse(&later).is_some(), "of a later version");
        for wrong in [
            "",
            "00-1-2-01",
            &PARENT.to_uppercase(),
            &PARENT.replacen("00", "ff", 1),
            &PARENT.replacen("0a", "+a", 1),
            &PARENT.replace("b7ad6b7169203331", "0000000000000000"),
            &PARENT.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            &PARENT.replace("-01", ""),
            &format!("{PARENT}-more"),
            &format!(" {PARENT}"),
        ] {
            assert_eq!(SpanContext::parse(wrong), None, "{wrong:?}");
        }
    }
}
