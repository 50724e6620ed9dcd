// What the quick-add line means, on Wednesday, 25 November 2026, at 10:00.

import { describe, expect, it } from 'vitest';

import { parseQuickAdd } from './index.ts';

const now = new Date(2026, 10, 25, 10, 0);
const projects = [
  { id: 'p1', name: 'Home' },
  { id: 'p2', name: 'Home office' },
];
const parse = (text: string) => parseQuickAdd(text, { now, timeZone: 'Europe/Berlin', projects });

describe('dates', () => {
  it.each([
    ['pay rent today', '2026-11-25'],
    ['pay rent tomorrow', '2026-11-26'],
    ['pay rent tmr', '2026-11-26'],
    ['pay rent the day after tomorrow', '2026-11-27'],
    ['pay rent in 3 days', '2026-11-28'],
    ['pay rent in a week', '2026-12-02'],
    ['pay rent in two months', '2027-01-25'],
    ['pay rent friday', '2026-11-27'],
    ['pay rent on wed', '2026-12-02'],
    ['pay rent monday', '2026-11-30'],
    ['pay rent next monday', '2026-11-30'],
    ['pay rent next friday', '2026-12-04'],
    ['pay rent next week', '2026-11-30'],
    ['pay rent next month', '2026-12-01'],
    ['pay rent this weekend', '2026-11-28'],
    ['pay rent 15 dec', '2026-12-15'],
    ['pay rent Dec 15', '2026-12-15'],
    ['pay rent 15th of January', '2027-01-15'],
    ['pay rent 3 nov', '2027-11-03'],
    ['pay rent 29 feb', '2028-02-29'],
    ['pay rent 15 dec 2027', '2027-12-15'],
    ['pay rent 2026-12-24', '2026-12-24'],
    ['pay rent 24.12.', '2026-12-24'],
    ['pay rent by friday', '2026-11-27'],
  ])('%s', (text, date) => {
    expect(parse(text)).toMatchObject({ title: 'pay rent', due: { date } });
  });

  it.each(['read the sunday-times', 'ask May about it', '31 jun', 'monkey business', 'version 1.2.3', 'in 3 minutes', 'meet at 25:00'])(
    'leaves %s alone',
    (text) => {
      const { title, due } = parse(text);
      expect([title, due]).toEqual([text, undefined]);
    },
  );

  it('takes the last date, for what it is about comes first', () => {
    expect(parse('prepare monday meeting friday')).toMatchObject({ title: 'prepare monday meeting', due: { date: '2026-11-27' } });
  });
});

describe('times', () => {
  it.each([
    ['call tomorrow 17:00', '2026-11-26', '17:00'],
    ['call tomorrow at 5pm', '2026-11-26', '17:00'],
    ['call tomorrow 5:30 pm', '2026-11-26', '17:30'],
    ['call tomorrow at 9', '2026-11-26', '09:00'],
    ['call 12am tomorrow', '2026-11-26', '00:00'],
    ['call tomorrow noon', '2026-11-26', '12:00'],
    ['call @17:00 tomorrow', '2026-11-26', '17:00'],
    ['call at 17:00', '2026-11-25', '17:00'],
    ['call 9:15', '2026-11-26', '09:15'],
  ])('%s', (text, date, time) => {
    expect(parse(text)).toMatchObject({ title: 'call', due: { date, time, time_zone: 'Europe/Berlin' }, labels: [] });
  });
});

describe('recurrence', () => {
  it.each([
    ['water every day', 'FREQ=DAILY', '2026-11-25'],
    ['water daily', 'FREQ=DAILY', '2026-11-25'],
    ['water every 3 days', 'FREQ=DAILY;INTERVAL=3', '2026-11-25'],
    ['water every other week', 'FREQ=WEEKLY;INTERVAL=2', '2026-11-25'],
    ['water every month', 'FREQ=MONTHLY', '2026-11-25'],
    ['water every monday', 'FREQ=WEEKLY;BYDAY=MO', '2026-11-30'],
    ['water every mon, thu and fri', 'FREQ=WEEKLY;BYDAY=MO,TH,FR', '2026-11-26'],
    ['water every weekday', 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', '2026-11-25'],
    ['water every 2 wednesdays', 'FREQ=WEEKLY;INTERVAL=2;BYDAY=WE', '2026-11-25'],
    ['water every 15th', 'FREQ=MONTHLY;BYMONTHDAY=15', '2026-12-15'],
    ['water every 31st', 'FREQ=MONTHLY;BYMONTHDAY=31', '2026-12-31'],
    ['water every week tomorrow', 'FREQ=WEEKLY', '2026-11-26'],
  ])('%s', (text, recurrence, date) => {
    expect(parse(text)).toMatchObject({ title: 'water', recurrence, due: { date } });
  });

  it('has a time', () => {
    expect(parse('stand-up every weekday 9:30')).toMatchObject({
      title: 'stand-up', recurrence: 'FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR', due: { date: '2026-11-25', time: '09:30' },
    });
  });

  it.each(['every man for himself', 'everyday carry', 'every 32nd'])('leaves %s alone', (text) => {
    expect(parse(text)).toMatchObject({ title: text });
    expect(parse(text).recurrence).toBeUndefined();
  });
});

describe('signs', () => {
  it('takes project, labels and priority', () => {
    expect(parse('pay rent tomorrow #home !high @money @Bank')).toMatchObject({
      title: 'pay rent', project: { name: 'Home', id: 'p1' }, priority: 'high', labels: ['money', 'Bank'], due: { date: '2026-11-26' },
    });
  });

  it('knows projects with blanks in their names', () => {
    expect(parse('desk #home office today').project).toEqual({ name: 'Home office', id: 'p2' });
    expect(parse('desk #home officer').project).toEqual({ name: 'Home', id: 'p1' });
  });

  it('names a project that is not there', () => {
    expect(parse('plant #Garden').project).toEqual({ name: 'Garden', id: null });
  });

  it('takes a label once, whatever its case', () => {
    expect(parse('x @a @A').labels).toEqual(['a']);
  });

  it.each(['mail ada@example.com', 'fix issue #3', 'say hello!', 'wow !!', 'C# and F#', 'a ! b'])('leaves %s alone', (text) => {
    expect(parse(text)).toEqual({ title: text, labels: [], spans: [] });
  });

  it('keeps what a backslash precedes', () => {
    expect(parse('\\#home alone \\@work')).toMatchObject({ title: '#home alone @work', labels: [] });
  });

  it('leaves what is within a sign out of the dates', () => {
    expect(parse('x @monday')).toMatchObject({ labels: ['monday'] });
    expect(parse('x @monday').due).toBeUndefined();
  });
});

describe('spans', () => {
  it('are the places of what was understood', () => {
    const text = 'pay rent tomorrow 5pm #home !high @money';
    const spans = parse(text).spans.map(({ start, end, kind, value }) => [text.slice(start, end), kind, value]);
    expect(spans).toEqual([
      ['tomorrow', 'due', '2026-11-26'],
      ['5pm', 'time', '17:00'],
      ['#home', 'project', 'Home'],
      ['!high', 'priority', 'high'],
      ['@money', 'label', 'money'],
    ]);
  });

  it('of an empty line are none', () => {
    expect(parse('  ')).toEqual({ title: '', labels: [], spans: [] });
  });
});
