//! How much a writer may have under way.
//!
//! As much as keeps it busy, and no more: what is under way is what every other message has to wait
//! behind. So the window is small at first, and grows when the writer says again and again that it had to
//! wait for credit for long while the reader had nothing to read: then it was the way between them that
//! took the time. While other messages come it is smaller still, unless that makes both wait for long.

/// The credit of one reader.
#[derive(Debug)]
pub(super) struct Window {
    size: usize,
    /// The size that it began with.
    start: usize,
    most: usize,
    /// What was read and is not granted anew.
    read_bytes: usize,
    is_too_small: bool,
    /// Rises when it was too small, and falls when not.
    discontent: u32,
    /// How many grants ago it was too small.
    content: u32,
}

impl Window {
    pub(super) fn new(most: usize) -> Self {
        Self {
            size: 0,
            start: 0,
            most,
            read_bytes: 0,
            is_too_small: false,
            discontent: 0,
            content: 0,
        }
    }

    /// Opens it; `spare` is what all windows of this session may grow by.
    pub(super) fn open(&mut self, spare: usize) {
        self.start = (spare / 4).clamp(LEAST_BYTES, START_BYTES).min(self.most);
        self.size = self.start;
    }

    /// What the writer may have under way now.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// What it may ever have under way.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// The reader waited for the writer, and the writer for credit.
    pub(super) fn on_both_waited(&mut self) {
        self.is_too_small = true;
    }

    pub(super) fn on_read(&mut self, cost: usize) {
        self.read_bytes += cost;
    }

    /// The credit to grant, once half of the window has been read. `is_alone` says that no other
    /// messages have to wait behind the stream.
    pub(super) fn take_grant(&mut self, spare: usize, is_alone: bool) -> Option<usize> {
        if self.read_bytes < (self.size / 2).max(1) {
            return None;
        }
        let before = self.size;
        self.adapt(spare, is_alone);
        Some((std::mem::take(&mut self.read_bytes) + self.size).saturating_sub(before))
    }

    /// Twice as large if it was too small again and again; smaller again if that is long ago.
    fn adapt(&mut self, spare: usize, is_alone: bool) {
        let (discontent, content, least) = if is_alone {
            (DISCONTENT, CONTENT, self.start)
        } else {
            (DISCONTENT_BESIDE, CONTENT_BESIDE, self.start.min(BESIDE_BYTES))
        };
        if self.size < least {
            self.size += (least - self.size).min(spare);
        }
        if std::mem::take(&mut self.is_too_small) {
            self.content = 0;
            self.discontent += 2;
            if self.discontent >= discontent {
                self.discontent = 0;
                self.size = (self.size + self.size.min(spare)).min(self.most);
            }
            return;
        }
        self.discontent = self.discontent.saturating_sub(1);
        self.content += 1;
        if self.content >= content && self.size > least {
            self.size = (self.size / 2).max(least);
            self.content = 0;
        }
    }
}

/// What all windows of a session may have together, but for the least of each. The server holds it for
/// a reader that does not read, and disconnects whom it would have to hold much more for.
pub(super) const ALL_BYTES: usize = 8 * 1024 * 1024;
/// Enough for a connection within one machine or one house.
const START_BYTES: usize = 1024 * 1024;
const LEAST_BYTES: usize = 16 * 1024;
/// Enough beside other messages: two chunks of 64 KiB. What that costs the stream is half of its rate where
/// the way takes no time, and nothing where it makes both wait, because then the window grows.
const BESIDE_BYTES: usize = 128 * 1024;
/// Twice the times that it has to be too small, without those that it was not. A way that is long makes
/// both wait for every other half of the window; a machine that was busy elsewhere, now and then.
const DISCONTENT: u32 = 4;
/// The same beside other messages, which a larger window makes wait.
const DISCONTENT_BESIDE: u32 = 12;
/// After so many grants a window that was never too small is halved.
const CONTENT: u32 = 32;
/// The same beside other messages.
const CONTENT_BESIDE: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn open(most: usize, spare: usize) -> Window {
        let mut window = Window::new(most);
        window.open(spare);
        window
    }

    /// So many grants of half a window each; gives what was granted.
    fn read(window: &mut Window, grants: u32) -> usize {
        let mut granted = 0;
        for _ in 0..grants {
            window.on_read(window.size() / 2);
            granted += window.take_grant(ALL_BYTES, true).expect("half of it was read");
        }
        granted
    }

    #[test]
    fn beside_other_messages_it_shrinks_soon_and_grows_on_a_long_way_only() {
        let mut window = open(4 * START_BYTES, ALL_BYTES);
        let mut next = |both_waited: bool, is_alone: bool| {
            if both_waited {
                window.on_both_waited();
            }
            window.on_read(window.size() / 2);
            window.take_grant(ALL_BYTES, is_alone);
            window.size()
        };

        let sizes = [(); 9].map(|()| next(false, false) * 8 / START_BYTES);
        assert_eq!(sizes, [8, 4, 4, 2, 2, 1, 1, 1, 1]);
        for _ in 0..5 {
            assert_eq!(next(true, false), BESIDE_BYTES);
        }
        assert_eq!(next(true, false), 2 * BESIDE_BYTES);
        for _ in 0..10 {
            next(true, false);
            next(false, false);
        }
        assert_eq!(next(true, false), 4 * BESIDE_BYTES, "both wait for every other half of it");
        assert_eq!(next(false, true), START_BYTES, "and alone it is what it was");
    }

    #[test]
    fn a_window_that_began_small_is_no_larger_when_it_is_alone_again() {
        let mut window = open(4 * START_BYTES, 4 * LEAST_BYTES);
        for is_alone in [false, true, true] {
            window.on_read(window.size() / 2);
            window.take_grant(ALL_BYTES, is_alone);
            assert_eq!(window.size(), LEAST_BYTES);
        }
    }

    #[test]
    fn many_windows_are_small_ones() {
        let mut all = 0;
        for _ in 0..100 {
            all += open(4 * START_BYTES, ALL_BYTES.saturating_sub(all)).size();
        }
        assert!(all <= ALL_BYTES + 100 * LEAST_BYTES, "{all}");

        let mut window = open(4 * START_BYTES, ALL_BYTES);
        window.on_both_waited();
        read(&mut window, 1);
        window.on_both_waited();
        window.on_read(START_BYTES / 2);
        assert_eq!(
            window.take_grant(1000, true),
            Some(START_BYTES / 2 + 1000),
            "no more than is spare"
        );
    }

    #[test]
    fn half_of_the_window_is_granted_anew_when_it_was_read() {
        let mut window = open(1000, ALL_BYTES);

        window.on_read(499);
        assert_eq!(window.take_grant(ALL_BYTES, true), None);
        window.on_read(101);
        assert_eq!(window.take_grant(ALL_BYTES, true), Some(600));
        assert_eq!(window.take_grant(ALL_BYTES, true), None);
    }

    #[test]
    fn it_grows_while_both_sides_wait_up_to_its_bound() {
        let mut window = open(3 * START_BYTES, ALL_BYTES);

        window.on_both_waited();
        assert_eq!(read(&mut window, 1), START_BYTES / 2, "once may be for another reason");
        window.on_both_waited();
        assert_eq!(read(&mut window, 1), START_BYTES / 2 + START_BYTES);
        assert_eq!(read(&mut window, 1), START_BYTES, "once is not twice");
        for _ in 0..4 {
            window.on_both_waited();
            read(&mut window, 1);
        }
        assert_eq!(window.size(), window.most());
    }

    #[test]
    fn it_grows_on_a_long_way_where_both_wait_for_every_other_half_of_it() {
        let mut window = open(2 * START_BYTES, ALL_BYTES);

        for _ in 0..3 {
            window.on_both_waited();
            read(&mut window, 2);
        }

        assert_eq!(window.size(), window.most());
    }

    #[test]
    fn it_stays_as_it_is_when_both_wait_now_and_then() {
        let mut window = open(8 * START_BYTES, ALL_BYTES);

        for _ in 0..100 {
            window.on_both_waited();
            read(&mut window, 3);
        }

        assert_eq!(window.size(), START_BYTES);
    }

    #[test]
    fn it_shrinks_when_it_need_not_be_large_and_what_is_under_way_with_it() {
        let mut window = open(8 * START_BYTES, ALL_BYTES);
        for _ in 0..2 {
            window.on_both_waited();
            read(&mut window, 1);
        }
        assert_eq!(window.size(), 2 * START_BYTES);

        let granted = read(&mut window, CONTENT);

        assert_eq!(window.size(), START_BYTES);
        assert_eq!(granted, CONTENT as usize * START_BYTES - START_BYTES);
        read(&mut window, 10 * CONTENT);
        assert_eq!(window.size(), START_BYTES, "not below where it began");
    }
}
