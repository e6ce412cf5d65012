//! What applications do.

use room_proto::{
    ErrorCode, JsonText, Outgoing, ParticipantId, RequestId, SessionError, session::Read,
};

use crate::{
    guest::{Guest, KEPT_AT_REST, STREAM_WINDOW_BYTES, Waiting, mood_text},
    model::{KIND, Model, Name, attachment},
    network::Time,
    random::Random,
};

impl Guest {
    /// Does something that applications do.
    pub(crate) fn act(&mut self, now: Time, model: &mut Model, random: &mut Random) {
        match random.below(100) {
            0..30 => self.send(now, model, random),
            30..40 => self.broadcast(now, model),
            40..60 => self.write(now, model, random),
            60..85 => self.read(now, model, random, 3),
            85..89 => self.open_stream(now, model, random),
            89..92 => self.close_stream(now, model),
            92..94 => self.abort(now, model, random),
            94..97 => self.change(random),
            97 => self.session.probe(now),
            98 => self.session.suspend(now),
            _ => self.disable(now, model),
        }
        self.enable(now);
    }

    /// Reads all there is.
    pub(crate) fn catch_up(&mut self, now: Time, model: &mut Model, random: &mut Random) {
        self.enable(now);
        self.read(now, model, random, 100);
    }

    /// Everything that was begun is brought to its end.
    pub(crate) fn finish(&mut self, now: Time, model: &mut Model, random: &mut Random) {
        self.enable(now);
        self.close_stream(now, model);
        self.read(now, model, random, 100);
    }

    /// Whether something is still awaited.
    pub(crate) fn check_rest(&self, model: &mut Model) {
        if !self.waiting.is_empty() {
            model.violated(format!("guest {} waits for {:?}", self.number, self.waiting));
        }
        if !self.writers.is_empty() || !self.readers.is_empty() {
            let open = (&self.writers, &self.readers);
            model.violated(format!("guest {} has open streams: {open:?}", self.number));
        }
        if self.session.kept() > KEPT_AT_REST {
            let kept = self.session.kept();
            model.violated(format!("guest {} keeps {kept} messages", self.number));
        }
        let listed: Vec<_> = self.session.participants().map(|one| one.id.clone()).collect();
        if !self.known.keys().eq(listed.iter()) {
            model.violated(format!("guest {}: events and list differ: {listed:?}", self.number));
        }
    }

    fn enable(&mut self, now: Time) {
        if self.session.is_enabled() || self.wants_messaging {
            return;
        }
        if let Ok(request) = self.session.enable(now) {
            self.wants_messaging = true;
            self.waiting.insert(request, Waiting::Enabling);
        }
    }

    fn disable(&mut self, now: Time, model: &mut Model) {
        for stream in self.readers.values() {
            model.stream_forfeited(*stream);
        }
        if let Ok(request) = self.session.disable(now) {
            self.wants_messaging = false;
            self.readers.clear();
            self.waiting.insert(request, Waiting::Disabling);
        }
    }

    fn send(&mut self, now: Time, model: &mut Model, random: &mut Random) {
        let known: Vec<_> = self.known.keys().cloned().collect();
        let (Some(to), Some(name)) = (random.pick(&known).cloned(), self.next_name()) else {
            return;
        };
        let sent = self.session.send(now, &to, outgoing(name.1));
        self.note(model, name, Some(to), sent);
    }

    fn broadcast(&mut self, now: Time, model: &mut Model) {
        let Some(name) = self.next_name() else { return };
        let sent = self.session.broadcast(now, outgoing(name.1));
        self.note(model, name, None, sent);
    }

    fn note(
        &mut self,
        model: &mut Model,
        name: Name,
        to: Option<ParticipantId>,
        sent: Result<RequestId, SessionError>,
    ) {
        match sent {
            Ok(request) => {
                model.sent(name.clone(), to);
                self.waiting.insert(request, Waiting::Message(name));
            }
            Err(error) if error.code == ErrorCode::NotConnected || self.has_ended => {}
            Err(error) => model.violated(format!("guest {}: {error}", self.number)),
        }
    }

    fn next_name(&mut self) -> Option<Name> {
        let id = self.session.participant_id()?.clone();
        self.sent += 1;
        Some((id, self.sent))
    }

    fn change(&mut self, random: &mut Random) {
        let mood = random.below(5);
        let Ok(attributes) = JsonText::object(&mood_text(mood)) else { return };
        // Refused while there is no connection.
        if self.session.set_attributes(attributes).is_ok() {
            self.mood = Some(mood);
        }
    }

    /// After everything has been read there is room to write again.
    pub(crate) fn check_flow(&mut self, model: &mut Model) {
        for key in self.writers.keys().copied().collect::<Vec<_>>() {
            if self.session.writable_bytes(key).is_ok_and(|bytes| bytes == 0)
                && self.session.is_stream_open(key)
            {
                model.violated(format!("guest {}: {key:?} waits for credit", self.number));
            }
        }
    }

    /// What the others should see of it.
    pub(crate) fn check_seen_by(&self, other: &Self, model: &mut Model) {
        let (Some(life), Some(mood)) = (&self.life, self.mood) else { return };
        let Some(seen) = other.session.participant(life.as_str()) else { return };
        let mood = mood_text(mood);
        if !seen.attributes.as_str().contains(mood.trim_matches(['{', '}'])) {
            let (seen, number) = (&seen.attributes, self.number);
            model.violated(format!("guest {number} has {mood}, and is seen with {seen:?}"));
        }
    }

    fn open_stream(&mut self, now: Time, model: &mut Model, random: &mut Random) {
        let known: Vec<_> = self.known.keys().cloned().collect();
        let Some(to) = random.pick(&known) else { return };
        self.streams += 1;
        let number = self.number as u64 * 1_000_000 + self.streams;
        let header = JsonText::from_value(&number);
        if let Ok(key) = self.session.open_stream(now, to, &format!("s{number}"), header) {
            model.stream_opened(number, to);
            self.writers.insert(key, number);
        }
    }

    fn write(&mut self, now: Time, model: &mut Model, random: &mut Random) {
        let writers: Vec<_> = self.writers.iter().map(|(key, number)| (*key, *number)).collect();
        let Some(&(key, stream)) = random.pick(&writers) else { return };
        for _ in 0..random.below(4) {
            if !self.session.writable_bytes(key).is_ok_and(|bytes| bytes > 0) {
                return;
            }
            let number = model.chunk_written(stream, STREAM_WINDOW_BYTES);
            let header = JsonText::from_value(&number);
            if self.session.write_stream(now, key, &header, attachment(number)).is_err() {
                // It is offered still, or ended: the chunk was not taken.
                model.chunk_not_written(stream);
                return;
            }
        }
    }

    fn close_stream(&mut self, now: Time, model: &mut Model) {
        for (key, stream) in self.writers.clone() {
            if let Ok(request) = self.session.close_stream(now, key) {
                model.stream_closing(stream);
                self.waiting.insert(request, Waiting::Closing(stream));
            }
        }
    }

    fn abort(&mut self, now: Time, model: &mut Model, random: &mut Random) {
        let readers: Vec<_> = self.readers.iter().map(|(key, number)| (*key, *number)).collect();
        if let Some(&(key, stream)) = random.pick(&readers) {
            model.stream_forfeited(stream);
            self.readers.remove(&key);
            self.session.abort_stream(now, key, "enough");
        }
        let writers: Vec<_> = self.writers.keys().copied().collect();
        let wants = random.percent(30);
        if let Some(key) = random.pick(&writers).filter(|_| wants) {
            self.session.abort_stream(now, *key, "no more");
        }
    }

    fn read(&mut self, now: Time, model: &mut Model, random: &mut Random, most: usize) {
        for (key, stream) in self.readers.clone() {
            for _ in 0..=random.below(most) {
                match self.session.read_stream(now, key) {
                    Read::Chunk { header, data } => model.chunk_read(stream, &header, &data),
                    Read::Pending => break,
                    Read::End => {
                        model.stream_end_read(stream);
                        self.readers.remove(&key);
                        break;
                    }
                    Read::Failed(error) => {
                        // Somebody did not answer us in time.
                        if error.code == ErrorCode::Timeout {
                            model.stream_forfeited(stream);
                        }
                        self.readers.remove(&key);
                        break;
                    }
                }
            }
        }
    }
}

fn outgoing(number: u64) -> Outgoing {
    let text = format!(r#"{{"n":{number}}}"#);
    Outgoing {
        kind: KIND.to_owned(),
        message: JsonText::object(&text).unwrap_or_else(|_| JsonText::empty_object()),
        attachment: attachment(number),
    }
}
