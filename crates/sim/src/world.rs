//! Guests, a server and the network between them, moved by one clock that nobody else sees.

use std::{collections::BTreeSet, time::Duration};

use room_proto::Input;

use crate::{
    Failure,
    guest::{Guest, Wish},
    model::Model,
    network::{End, Network, Parcel, Time, WireId},
    random::Random,
    server::{Act, GRACE, Server},
};

/// One run of the simulation.
#[derive(Debug)]
pub(crate) struct World {
    random: Random,
    now: Time,
    network: Network,
    server: Server,
    /// The server is down until then.
    down_until: Time,
    runs: u64,
    can_resume: bool,
    guests: Vec<Guest>,
    model: Model,
    step: usize,
    is_traced: bool,
}

impl World {
    pub(crate) fn new(seed: u64, is_traced: bool) -> Self {
        let mut random = Random::new(seed);
        let can_resume = random.percent(85);
        let guests = (0..2 + random.below(3)).map(|number| Guest::new(number, is_traced)).collect();
        Self {
            random,
            now: Time::ZERO,
            network: Network::default(),
            server: Server::new(0, can_resume, is_traced),
            down_until: Time::ZERO,
            runs: 0,
            can_resume,
            guests,
            model: Model::default(),
            step: 0,
            is_traced,
        }
    }

    /// Acts and breaks things for a while, then lets everything come to rest, and looks.
    pub(crate) fn run(&mut self) -> Result<(), Failure> {
        let steps = 100 + self.random.below(200);
        while self.step < steps {
            self.step += 1;
            let pause = match self.random.below(50) {
                0 => self.random.below(40_000),
                1..10 => self.random.below(1000),
                _ => self.random.below(40),
            };
            self.pass(Duration::from_millis(pause as u64));
            self.disturb();
            self.act();
            self.check()?;
        }
        self.come_to_rest()
    }

    /// Nothing is broken any more. Whatever can hang must end within a bounded time.
    fn come_to_rest(&mut self) -> Result<(), Failure> {
        for wire in self.guests.iter().filter_map(|guest| guest.wire) {
            // Where the server says something now and then, silence is noticed without help.
            if !self.can_resume && !self.network.is_alive(wire) {
                self.network.give_up(self.now, wire);
            }
        }
        self.let_all(Guest::catch_up)?;
        for guest in &mut self.guests {
            guest.check_flow(&mut self.model);
            if guest.wire.is_some_and(|wire| !self.network.is_alive(wire)) {
                let text = format!("guest {} holds on to a dead connection", guest.number);
                self.model.violated(text);
            }
        }
        self.let_all(Guest::finish)?;
        self.look_around();
        self.check()
    }

    fn let_all(
        &mut self,
        act: fn(&mut Guest, Time, &mut Model, &mut Random),
    ) -> Result<(), Failure> {
        for _ in 0..200 {
            self.step += 1;
            self.pass(Duration::from_millis(500));
            for guest in 0..self.guests.len() {
                self.with_guest(guest, act);
            }
            self.check()?;
        }
        Ok(())
    }

    fn look_around(&mut self) {
        self.server.check_rest(&mut self.model);
        for guest in &self.guests {
            for other in &self.guests {
                guest.check_seen_by(other, &mut self.model);
            }
        }
        let listed = self.server.listed();
        let mut lives = BTreeSet::new();
        for guest in &self.guests {
            guest.check_rest(&mut self.model);
            let others = listed.iter().filter(|(number, _)| *number != guest.number);
            let others: BTreeSet<_> = others.map(|(_, id)| id.clone()).collect();
            if guest.known() != others {
                let known = guest.known();
                let text = format!("guest {} knows {known:?} of {others:?}", guest.number);
                self.model.violated(text);
            }
            lives.extend(guest.life().cloned());
        }
        self.model.check_rest(&lives);
    }

    fn check(&self) -> Result<(), Failure> {
        match self.model.violations().first() {
            None => Ok(()),
            Some(violation) => Err(Failure { step: self.step, violation: violation.clone() }),
        }
    }

    /// Lets time pass, and everything happen that is due.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        for _ in 0..100_000 {
            self.serve();
            let arrival = self.network.next().filter(|(at, ..)| *at <= until);
            let wakeup = self.next_wakeup().filter(|at| *at <= until);
            match (arrival, wakeup) {
                (Some((at, wire, to)), wakeup) if wakeup.is_none_or(|wakeup| at <= wakeup) => {
                    self.now = self.now.max(at);
                    self.arrive(wire, to);
                }
                (_, Some(at)) => {
                    self.now = self.now.max(at);
                    self.wake();
                }
                (_, None) => {
                    self.now = until;
                    return;
                }
            }
        }
        self.model.violated(String::from("something happens again and again"));
    }

    fn next_wakeup(&self) -> Option<Time> {
        let guests = self.guests.iter().flat_map(|guest| {
            // An attempt that has begun is its own clock.
            [guest.session.next_wakeup(), guest.retry_at]
        });
        guests.chain([self.server.next_wakeup()]).flatten().min()
    }

    fn wake(&mut self) {
        let (now, network) = (self.now, &self.network);
        self.server.wake(now, &mut self.model, |wire| network.is_alive(wire));
        for number in 0..self.guests.len() {
            if self.guests[number].retry_at.is_some_and(|at| at <= self.now) {
                self.connect(number);
            }
            if self.guests[number].session.next_wakeup().is_some_and(|at| at <= self.now) {
                self.input(number, Input::Woken);
            }
        }
    }

    fn connect(&mut self, number: usize) {
        if self.guests[number].has_ended() {
            self.guests[number].begin_again(&mut self.model, self.now);
        }
        let wire = self.network.open(&mut self.random);
        let query = self.guests[number].connect(self.now, wire);
        self.trace(|| format!("guest {number} connects over {wire} with {query:?}"));
        let parcel = Parcel::Connect { guest: number, query };
        self.network.send(&mut self.random, self.now, wire, End::Server, parcel);
        self.settle(number);
    }

    fn arrive(&mut self, wire: WireId, to: End) {
        let Some(parcel) = self.network.take(wire, to) else { return };
        match to {
            End::Server => self.arrive_at_server(wire, parcel),
            End::Client => {
                let owner = self.guests.iter().position(|guest| guest.wire == Some(wire));
                if let Some(number) = owner {
                    self.arrive_at_guest(number, &parcel);
                }
            }
        }
    }

    fn arrive_at_server(&mut self, wire: WireId, parcel: Parcel) {
        let is_down = self.now < self.down_until;
        let (now, model) = (self.now, &mut self.model);
        match parcel {
            Parcel::Connect { .. } if is_down => {
                let refused = Parcel::Closed(None);
                self.network.send(&mut self.random, now, wire, End::Client, refused);
            }
            Parcel::Connect { guest, query } => {
                self.server.connect(now, model, wire, guest, &query);
            }
            Parcel::Message(bytes) => self.server.receive(now, model, wire, &bytes),
            Parcel::Closed(code) => self.server.closed(now, model, wire, code),
            Parcel::Opened => {}
        }
    }

    fn arrive_at_guest(&mut self, number: usize, parcel: &Parcel) {
        match parcel {
            Parcel::Opened => self.input(number, Input::Opened),
            Parcel::Message(bytes) => self.input(number, Input::Received(bytes)),
            Parcel::Closed(code) => {
                self.input(number, Input::Closed { code: *code, reason: "" });
            }
            Parcel::Connect { .. } => {}
        }
    }

    fn input(&mut self, number: usize, input: Input<'_>) {
        self.guests[number].session.handle_input(self.now, input);
        self.settle(number);
    }

    fn settle(&mut self, number: usize) {
        let wire = self.guests[number].wire;
        let wishes = self.guests[number].settle(self.now, &mut self.model, &mut self.random);
        for wish in wishes {
            let Some(wire) = wire else { continue };
            let parcel = match wish {
                Wish::Send(bytes) => Parcel::Message(bytes),
                Wish::Close(code) => Parcel::Closed(Some(code)),
            };
            self.network.send(&mut self.random, self.now, wire, End::Server, parcel);
        }
        let guest = &mut self.guests[number];
        if guest.has_ended() && guest.retry_at.is_none() {
            guest.wire = None;
            guest.retry_at = Some(self.now + Duration::from_millis(500));
        }
    }

    /// Carries out what the server wants.
    fn serve(&mut self) {
        let network = &self.network;
        let acts = self.server.take_acts(self.now, |wire| network.bytes_to(wire, End::Client));
        for act in acts {
            let (wire, parcel) = match act {
                Act::Open(wire) => (wire, Parcel::Opened),
                Act::Send(wire, bytes) => (wire, Parcel::Message(bytes)),
                Act::Close(wire, code) => (wire, Parcel::Closed(code)),
            };
            self.network.send(&mut self.random, self.now, wire, End::Client, parcel);
        }
    }

    fn act(&mut self) {
        let number = self.random.below(self.guests.len());
        if self.random.percent(1) {
            self.trace(|| format!("guest {number} leaves"));
            self.with_guest(number, |guest, _, _, _| guest.session.close());
            return;
        }
        self.with_guest(number, Guest::act);
    }

    fn with_guest(
        &mut self,
        number: usize,
        act: impl FnOnce(&mut Guest, Time, &mut Model, &mut Random),
    ) {
        act(&mut self.guests[number], self.now, &mut self.model, &mut self.random);
        self.settle(number);
    }

    /// Something goes wrong, now and then.
    fn disturb(&mut self) {
        let number = self.random.below(self.guests.len());
        let wire = self.guests[number].wire;
        match (self.random.below(200), wire) {
            (0..8, Some(wire)) => {
                self.trace(|| format!("{wire} is cut"));
                self.network.cut(&mut self.random, self.now, wire);
            }
            (8..12, Some(wire)) => {
                let ends = [End::Client, End::Server];
                let to = ends[self.random.below(2)];
                self.trace(|| format!("{wire} is silent towards the {to:?}"));
                self.network.silence(wire, to);
                if self.random.percent(50) {
                    self.network.silence(wire, ends[0]);
                    self.network.silence(wire, ends[1]);
                }
            }
            (12..15, Some(wire)) => {
                let until = self.now + Duration::from_millis(self.random.below(20_000) as u64);
                self.trace(|| format!("{wire} is not read until {until:?}"));
                self.network.hold(wire, until);
            }
            (15, _) if self.random.percent(40) => self.restart_server(),
            // Long enough for seats to be given up.
            (16, _) if self.random.percent(20) => self.pass(GRACE),
            _ => {}
        }
    }

    fn restart_server(&mut self) {
        self.trace(|| String::from("the server is killed"));
        self.runs += 1;
        for id in self.server.everybody() {
            self.model.left(&id);
        }
        for wire in self.server.wires() {
            self.network.cut(&mut self.random, self.now, wire);
        }
        self.server = Server::new(self.runs, self.can_resume, self.is_traced);
        self.down_until = self.now + Duration::from_millis(self.random.below(3000) as u64);
    }

    fn trace(&self, what: impl FnOnce() -> String) {
        if self.is_traced {
            println!("{:>10.3} step {:>3}: {}", self.now.as_secs_f64(), self.step, what());
        }
    }
}
