import { locales, piecesOf } from './words.js';

// The server knows the moment, the browser alone knows the local time.
for (const element of document.querySelectorAll('time[datetime]')) {
  const moment = new Date(element.dateTime);
  const sameDay = moment.toDateString() === new Date().toDateString();
  const format = sameDay ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' };
  element.textContent = new Intl.DateTimeFormat(locales, format).format(moment);
  if (!sameDay) element.parentElement.replaceChildren(...piecesOf('on', { time: element }));
}
