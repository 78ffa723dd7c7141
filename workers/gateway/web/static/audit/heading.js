/** The head of the room: the moment in words, the buttons that walk, a field for a time, and the place of the strip. */

import { attr, el, say } from "../shared/dom.js";
import { timeOf } from "./numbers.js";

const ICONS = {
  before: "M9.5 1.5v9L3.4 6zM2 1.5h1.4v9H2z",
  play: "M2.5 1.2 11 6l-8.5 4.8z",
  pause: "M2.5 1.5h2.6v9H2.5zM6.9 1.5h2.6v9H6.9z",
  after: "M2.5 1.5v9L8.6 6zM8.6 1.5H10v9H8.6z",
};

/** An icon. @param {keyof ICONS} name */
function icon(name) {
  const [made, path] = ["svg", "path"].map((one) => document.createElementNS("http://www.w3.org/2000/svg", one));
  attr(made, "viewBox", "0 0 12 12");
  attr(made, "aria-hidden", "true");
  attr(path, "d", ICONS[name]);
  made.append(path);
  return made;
}

export class Heading {
  /** @param {import("./room.js").Room} room */
  constructor(room) {
    this.room = room;
    const { words } = room;
    const button = (/** @type {string} */ name, /** @type {() => void} */ done, /** @type {...any} */ ...inside) =>
      el("button.do.plain", { type: "button", "aria-label": inside.length ? words.say(name) : null, onclick: done },
        ...(inside.length ? inside : [words.say(name)]));
    this.title = el("span");
    this.article = el("a", {}, words.say("article"));
    this.when = el("time");
    this.zone = el("p.label.quiet.zone");
    this.before = button("before", () => room.move(room.number - 1, true), icon("before"));
    this.after = button("after", () => room.move(room.number + 1, true), icon("after"));
    this.player = button("play", () => room.replayed((replay) => replay.toggle()), icon("play"));
    this.rate = button("speed", () => room.replayed((replay) => replay.other()), "");
    this.walk = el("div.walk", {}, this.before, this.player, this.rate, this.after, button("next_change", () => room.change()),
      button("now", () => room.move(room.numbers.total)));
    this.walk.children[4].classList.add("wide");
    this.wrong = el("p.wrong.label", { id: "wrong", role: "alert" });
    this.field = /** @type {HTMLInputElement} */ (el("input", { id: "when", type: "datetime-local", step: 1, required: true, "aria-describedby": "wrong" }));
    // A field that is empty is filled with the moment, so that one part of it can be changed.
    this.field.onfocus = () => (this.field.value ||= this.when.dateTime.slice(0, 19));
    this.form = el("form.when.label", { novalidate: true, onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      room.tried(import("./when.js").then(({ goTo }) => goTo(room)));
    } }, el("label", { for: "when" }, words.say("when")), this.field, el("button.do.plain.small", {}, words.say("when_go")));
    /** The places of the strip: its track, its key, its range, and its panel. */
    this.places = [el("div.track"), el("p.legend.label"), el("p.label.ranged"), el("details.panel", {}, el("summary.label", {}, words.say("table")))];
    this.element = el("section.moment", { "aria-labelledby": "moment-title" }, el("div", {},
      el("div.top", {},
        el("div", {}, el("p.label.article", {}, el("span", {}, words.say("room")), this.article), el("h1", { id: "moment-title" }, this.title, " ", this.when), this.zone),
        el("div.steer", {}, this.walk, this.form, this.wrong)),
      ...this.places));
  }

  /** The publication in words for people: its name where the page gives it, otherwise the host of its article. */
  get publication() {
    const { called, site } = this.room;
    return called || /** @type {HTMLAnchorElement} */ (this.article).host || site;
  }

  /** Show the moment of the room. Readers see only what is public now. */
  show() {
    const { words, numbers: { total, few }, number, event, page: { thread: { title, url } }, caller, exact, local } = this.room;
    const time = new Date(timeOf(event)).toISOString();
    say(this.title, words.say(caller.staff ? "title" : "title_public", { title }));
    attr(this.article, "href", /^https?:/i.test(url) && url);
    say(this.when, exact(time));
    attr(this.when, "datetime", time);
    const [clock, zone] = local(time);
    say(this.zone, `${words.say("time_zone", { time: clock, zone })} · ${words.say("event_of", { number, total })}`);
    attr(this.before, "aria-disabled", number <= 1 && "true");
    attr(this.after, "aria-disabled", number >= total && "true");
    this.places[0].classList.toggle("columns", !few);
  }

  /** @param {boolean} playing @param {boolean} live @param {number} rate */
  playing(playing, live, rate) {
    const { words } = this.room;
    this.player.replaceChildren(icon(playing ? "pause" : "play"), live ? ` ${words.say("live")}` : "");
    attr(this.player, "aria-label", words.say(playing ? "pause" : rate > 1 ? "play_fast" : "play"));
    say(this.rate, words.say("speed", { rate }));
    attr(this.rate, "aria-label", words.say("speed_label", { n: rate }));
  }
}
