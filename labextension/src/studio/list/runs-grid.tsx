import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Memory } from '../../contract';
import { ageIn } from '../../model/age';
import type { Errands, RowVerb } from '../../model/errands';
import { type Line, ListLayout } from '../../model/list-layout';
import { ORDER } from '../../model/groups';
import type { RunList } from '../../model/run-list';
import { copyText } from '../../panel/button';
import { useChoice, useUniqueId } from '../../panel/hooks';
import { MenuList } from '../../panel/menu';
import { useWords } from '../../words/words';
import type { Group, RunRow, StudioHost } from '../contract';
import { useChanges, useNow } from '../hooks';
import { GroupLine } from './group-line';
import { intentOf } from './keys';
import { type Question, menuOf } from './row-menu';
import { RunLine } from './run-line';
import { reveal, useAnchor, useViewport } from './viewport';

/** Lines drawn beyond what is in sight, so that scrolling doesn't show their coming. */
const BEYOND = 240;

interface RunsGridProps {
  list: RunList;
  errands: Errands;
  host: StudioHost;
  memory: Memory;
  /** The machine of the server, once it is known. */
  here: string | null;
  selection: ReadonlySet<string>;
  onSelect: (change: (ids: ReadonlySet<string>) => ReadonlySet<string>) => void;
}

/** The list itself: one focus that the arrow keys move, and only what is in sight in the page. */
export function RunsGrid(props: RunsGridProps): JSX.Element {
  const { list, errands, host, here, selection } = props;
  const words = useWords();
  const now = useNow();
  const age = useMemo(() => ageIn(host.language), [host.language]);
  useChanges(errands);
  const prefix = useUniqueId();
  const scroller = useRef<HTMLDivElement>(null);
  const menuRoot = useRef<HTMLDivElement>(null);
  const { top, height, measures } = useViewport(scroller);
  const [folded, setFolded] = useChoice(props.memory, 'list-folded', '');
  const closed = new Set(folded.split(','));
  // The line the keyboard is on, by the run's id or the group's name.
  const [active, setActive] = useState<string | null>(null);
  const opened = useRef<string | null>(null);
  const [asking, setAsking] = useState<{ id: string; question: Question } | null>(null);
  const [menu, setMenu] = useState<{ id: string; near: DOMRect } | null>(null);

  const { view } = list;
  const layout = new ListLayout(
    ORDER.map(group => ({ group, count: view.counts[group], open: !closed.has(group) })),
    measures
  );
  const rowOf = ({ group, index }: Line) => (index === null ? null : list.row(group, index));
  /** The number of the line with a key; `null` if it isn't in the list. */
  const numberOf = (key: string) => {
    const place =
      list.place(key) ?? ORDER.filter(group => group === key).map(group => ({ group, index: null }))[0];
    return place === undefined ? null : layout.number(place.group, place.index);
  };
  useAnchor(scroller, layout, rowOf, numberOf);

  const lines = layout.between(top - BEYOND, top + height + BEYOND);
  useEffect(() => {
    for (const group of ORDER) {
      const seen = lines.flatMap(line => (line.group === group && line.index !== null ? [line.index] : []));
      list.look(group, seen[0] ?? 0, seen.at(-1) ?? 0);
    }
  });

  const activeNumber = active === null ? null : numberOf(active);
  const activeBefore = useRef(-1);
  if (activeNumber !== null) {
    activeBefore.current = activeNumber;
  }
  const focus = () => scroller.current?.focus({ preventScroll: true });
  const domId = (key: string) => `${prefix}-${key}`;

  const fold = (group: Group, open: boolean) => {
    setFolded(ORDER.filter(name => (name === group ? !open : closed.has(name))).join(','));
  };
  const select = (id: string) => {
    props.onSelect(ids => {
      const rest = [...ids].filter(other => other !== id);
      return new Set(ids.has(id) ? rest : [...rest, id]);
    });
  };
  const openRun = (id: string) => {
    opened.current = id;
    host.open(id);
  };
  /** As in a list of files: what is picked beside the run that was opened is picked together with it. */
  const pick = (id: string) => {
    const first = opened.current;
    if (selection.size === 0 && first !== null && first !== id && list.find(first) !== null) {
      props.onSelect(() => new Set([first, id]));
    } else {
      select(id);
    }
  };
  const go = (number: number) => {
    const line = layout.line(Math.max(0, Math.min(layout.size - 1, number)));
    const key = line === null ? null : line.index === null ? line.group : (rowOf(line)?.id ?? null);
    if (line !== null && key !== null) {
      setActive(key);
    }
    reveal(scroller.current, line, layout);
  };
  const run = (row: RunRow, verb: RowVerb, args?: Record<string, unknown>) =>
    void errands.run(row, verb, args);
  const ask = (row: RunRow, question: Question) =>
    question === 'delete' && host.confirmDelete === false
      ? run(row, question)
      : setAsking({ id: row.id, question });
  const copy = async (id: string, text: string, otherwise: string) =>
    errands.tell(id, (await copyText(text)) ? words.actions.copied(text) : otherwise);
  const openMenu = (id: string, near: DOMRect) => {
    setActive(id);
    setMenu({ id, near });
  };
  const itemsOf = (row: RunRow) =>
    menuOf(
      row,
      {
        host,
        selected: selection.has(row.id),
        ask: question => ask(row, question),
        run: verb => run(row, verb),
        select: () => select(row.id),
        copyId: () => copy(row.id, row.id, words.actions.notCopied(row.id)),
        copy: text => copy(row.id, text, text)
      },
      words
    );

  const onKeyDown = (event: KeyboardEvent) => {
    const intent = intentOf(event, Math.max(1, Math.floor(height / measures.row) - 1));
    if (event.target !== scroller.current || intent === null) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    const line = layout.line(Math.max(0, activeBefore.current));
    const row = line === null ? null : rowOf(line);
    switch (intent.kind) {
      case 'move':
        return go(activeBefore.current + intent.by);
      case 'end':
        return go(intent.last ? layout.size - 1 : 0);
      case 'clear':
        return props.onSelect(() => new Set());
      case 'unfold':
        return line === null ? undefined : fold(line.group, true);
      case 'close':
        if (line !== null) {
          fold(line.group, false);
          setActive(line.group);
        }
        return;
    }
    if (line === null) {
      return;
    }
    if (row === null) {
      return intent.kind === 'open' || intent.kind === 'select'
        ? fold(line.group, closed.has(line.group))
        : undefined;
    }
    switch (intent.kind) {
      case 'open':
        return openRun(row.id);
      case 'select':
        return select(row.id);
      case 'delete':
        return row.allowed.includes('delete') ? ask(row, 'delete') : undefined;
      case 'menu': {
        const near = document.getElementById(domId(row.id))?.getBoundingClientRect();
        return near === undefined ? undefined : openMenu(row.id, near);
      }
    }
  };

  const picked = menu === null ? null : list.find(menu.id);
  const activeDrawn = lines.some(({ group, index }) => layout.number(group, index) === activeNumber);
  return (
    <>
      <div
        class="dlt-runs"
        ref={scroller}
        role="treegrid"
        tabIndex={0}
        aria-label={words.list.title}
        aria-description={words.list.keys}
        aria-multiselectable
        aria-busy={view.behind}
        aria-rowcount={layout.size}
        aria-activedescendant={active !== null && activeDrawn ? domId(active) : undefined}
        onKeyDown={onKeyDown}
        onFocus={() => setActive(active ?? ORDER[0] ?? null)}
      >
        <div class="dlt-runs-all" role="presentation" style={{ height: `${layout.height}px` }}>
          {lines.map(at => {
            const { group, index } = at;
            const row = rowOf(at);
            const key = index === null ? group : (row?.id ?? `${group}-${index}`);
            const number = layout.number(group, index) ?? 0;
            const line = {
              id: domId(key),
              style: { top: `${at.top}px`, height: `${layout.heightOf(at)}px` },
              'aria-rowindex': number + 1,
              'data-active': number === activeNumber
            };
            if (index === null) {
              const toggle = () => {
                setActive(group);
                fold(group, closed.has(group));
              };
              const open = !closed.has(group);
              const runs = view.counts[group];
              return (
                <GroupLine key={key} line={line} group={group} runs={runs} open={open} onToggle={toggle} />
              );
            }
            if (row === null) {
              // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus.
              return <div key={key} {...line} role="row" class="dlt-row" aria-busy />;
            }
            return (
              <RunLine
                key={key}
                line={line}
                row={row}
                index={index}
                of={view.counts[group]}
                age={age(row.created_at, now)}
                here={here}
                selected={selection.has(row.id)}
                away={view.connection === 'disconnected'}
                menuOpen={menu?.id === row.id}
                question={asking?.id === row.id ? asking.question : null}
                errand={errands.view.get(row.id)}
                onOpen={() => {
                  setActive(row.id);
                  openRun(row.id);
                }}
                onSelect={() => {
                  setActive(row.id);
                  pick(row.id);
                }}
                onMenu={near => openMenu(row.id, near)}
                onVerb={(verb, args) => run(row, verb, args)}
                onAnswered={() => {
                  setAsking(null);
                  focus();
                }}
                onDismiss={() => {
                  errands.dismiss(row.id);
                  focus();
                }}
              />
            );
          })}
        </div>
      </div>
      <div class="dlt-menu" ref={menuRoot}>
        {menu === null || picked === null ? null : (
          <MenuList
            key={menu.id}
            label={words.actions.actionsOf(picked.name)}
            items={itemsOf(picked)}
            root={menuRoot}
            near={() => menu.near}
            onClose={back => {
              setMenu(null);
              if (back) {
                focus();
              }
            }}
          />
        )}
      </div>
    </>
  );
}
