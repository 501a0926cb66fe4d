// Draws the questions when they are seen, filters and searches them, and opens permalinks. Texts are only ever set as text.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("answers").textContent);
  const LABEL = 0, RIGHT = 1, UNPARSED = 2, RULE = 3, TEXT = 4, VOTES = 5, PRINTED = 200, PAGE = 500;
  const find = (id) => document.getElementById(id);
  const [form, search, context, method, show, label, list, count] =
    ["filters", "search", "context", "method", "show", "label", "list", "count"].map(find);
  const whole = new Intl.NumberFormat("en");

  const make = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const option = (text, value) => {
    const element = make("option", "", text);
    element.value = value;
    return element;
  };
  const unique = (values) => [...new Set(values)];

  // --- what is shown ---

  const shown = () => data.cells.map((cell, place) => place)
    .filter((place) => context.value === "" || data.cells[place].context === Number(context.value))
    .filter((place) => method.value === "" || data.cells[place].name === method.value || data.cells[place].base);
  const asked = () => shown().filter((place) => !data.cells[place].base || !method.value || data.cells[place].name === method.value);
  const baseOf = (place) => data.cells.findIndex((cell) => cell.base && cell.context === data.cells[place].context);

  const against = (question, place, own, other) => {
    const base = baseOf(place);
    const [first, second] = [question.answers[place], base < 0 ? null : question.answers[base]];
    return base !== place && first && second && first[RIGHT] === own && second[RIGHT] === other;
  };
  const TESTS = {
    "": () => true,
    won: (question, place) => against(question, place, 1, 0),
    lost: (question, place) => against(question, place, 0, 1),
    right: (question, place) => question.answers[place]?.[RIGHT] === 1,
    wrong: (question, place) => question.answers[place]?.[RIGHT] === 0,
    unparsed: (question, place) => question.answers[place]?.[UNPARSED] === 1,
  };
  const searched = new Map();
  const textOf = (question) => {
    if (!searched.has(question)) {
      const replies = question.answers.filter(Boolean).map((answer) => answer[TEXT]);
      searched.set(question, [question.id, question.text, ...replies].join("\n").toLowerCase());
    }
    return searched.get(question);
  };

  // --- drawing ---

  const blank = (place) => {
    const row = make("article", "question");
    row.id = `q-${place + 1}`;
    row.tabIndex = -1;
    row.dataset.place = place;
    row.setAttribute("aria-label", `Question ${place + 1}`);
    return row;
  };

  const drawAnswer = (cell, answer) => {
    const item = make("li", answer[RIGHT] ? "right" : "wrong");
    const head = make("p", "method");
    const name = context.value === "" && data.contexts.length > 1 ? `${cell.name} (${data.contexts[cell.context]})` : cell.name;
    const read = answer[LABEL] === null ? "no answer" : answer[LABEL];
    head.append(make("b", "", name), make("span", "verdict", `${answer[RIGHT] ? "✓" : "✗"} ${read}, ${answer[RIGHT] ? "right" : "wrong"}`));
    item.append(head);
    if (answer[TEXT]) {
      const reply = make("p", "reply", answer[TEXT]);
      item.append(reply);
      if (answer[TEXT].length > 600) reply.tabIndex = 0;
    }
    if (answer[UNPARSED]) item.append(make("p", "rule", `not read by a rule (${answer[RULE]})`));
    if (answer[VOTES]) item.append(make("p", "rule", `votes: ${answer[VOTES].join(", ")}`));
    return item;
  };
  const draw = (row) => {
    const place = Number(row.dataset.place);
    const question = data.questions[place];
    const title = make("h3");
    const link = make("a", "", `${place + 1}`);
    link.href = `#q-${place + 1}`;
    link.setAttribute("aria-label", `Question ${place + 1}, permanent link`);
    title.append(link, make("span", "", question.id), make("span", "", `answer: ${question.answer}`));
    const answers = make("ul", "answers");
    for (const each of shown()) if (question.answers[each]) answers.append(drawAnswer(data.cells[each], question.answers[each]));
    row.replaceChildren(title, make("p", "asking", question.text), answers);
    row.classList.add("drawn");
  };

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      seen.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "800px 0px" });

  // --- pages: browsers slow down with tens of thousands of elements, so only a part of what is found is in the document ---

  let [found, first] = [[], 0];
  const turn = (start) => {
    first = start;
    const rows = found.slice(first, first + PAGE).map(blank);
    seen.disconnect();
    list.replaceChildren(...rows);
    for (const row of rows) seen.observe(row);
    for (const pager of pagers) {
      const [previous, where, next] = pager.children;
      pager.hidden = found.length <= PAGE;
      previous.disabled = first === 0;
      next.disabled = first + PAGE >= found.length;
      where.textContent = `${whole.format(first + 1)} to ${whole.format(first + rows.length)} of ${whole.format(found.length)}`;
    }
  };
  const leaf = (step) => {
    turn(first + step);
    find("questions").focus();
  };

  const update = () => {
    const [word, test, places] = [search.value.trim().toLowerCase(), TESTS[show.value], asked()];
    const fits = (question) => (label.value === "" || question.answer === label.value)
      && (show.value === "" || places.some((each) => test(question, each)))
      && (word === "" || textOf(question).includes(word));
    found = data.questions.map((question, place) => place).filter((place) => fits(data.questions[place]));
    turn(0);
    count.textContent = `${whole.format(found.length)} of ${whole.format(data.questions.length)} questions`;
  };

  // --- permalinks ---

  const open = () => {
    const place = Number(location.hash.replace("#q-", "")) - 1;
    if (!location.hash.startsWith("#q-") || !(place in data.questions)) return;
    if (!found.includes(place)) {
      for (const field of [search, context, method, show, label]) field.value = field === search ? "" : field.options[0].value;
      update();
    }
    const at = found.indexOf(place);
    if (at < first || at >= first + PAGE) turn(at - at % PAGE);
    const row = find(`q-${place + 1}`);
    seen.unobserve(row);
    draw(row);
    row.focus({ preventScroll: true });
    settle(row, 10);
  };
  // Rows above get their height when they are drawn near the screen, so the first place is not the last. Whoever clicks
  // elsewhere takes the focus, and with it the place.
  const settle = (row, frames) => {
    if (document.activeElement !== row) return;
    row.scrollIntoView();
    if (frames > 0) requestAnimationFrame(() => settle(row, frames - 1));
  };

  // --- start ---

  data.contexts.forEach((name, place) => context.append(option(name, `${place}`)));
  if (data.contexts.length > 1) context.append(option("all", ""));
  else context.closest("label").hidden = true;
  unique(data.cells.map((cell) => cell.name)).forEach((name) => method.append(option(name, name)));
  const truths = unique(data.questions.map((question) => question.answer)).sort();
  if (truths.length > 1 && truths.length <= 30) truths.forEach((name) => label.append(option(name, name)));
  else label.closest("label").hidden = true;
  if (!data.cells.some((cell) => cell.base) || data.cells.length < 2) {
    for (const value of ["won", "lost"]) show.querySelector(`[value=${value}]`).remove();
  }
  const pagers = [...document.querySelectorAll(".pages")];
  for (const pager of pagers) {
    pager.firstElementChild.addEventListener("click", () => leaf(-PAGE));
    pager.lastElementChild.addEventListener("click", () => leaf(PAGE));
  }
  form.hidden = false;
  let waiting;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(update, 120);
  });
  form.addEventListener("change", (event) => event.target !== search && update());
  form.addEventListener("reset", () => setTimeout(update));
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", open);
  addEventListener("beforeprint", () => {
    [...list.children].slice(0, PRINTED).forEach(draw);
  });
  update();
  open();
})();
