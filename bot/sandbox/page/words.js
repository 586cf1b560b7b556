// The page's own words: Indonesian, or English where the browser isn't Indonesian.
const BOTH = {
  tagline: ["kotak pasir", "sandbox"],
  whoAreYou: ["Anda sedang menjadi", "You are now"],
  as: ["sebagai", "as"],
  newPerson: ["Pembaca baru", "New reader"],
  language: ["Bahasanya", "Their language"],
  add: ["Tambahkan", "Add"],
  back: ["Kembali", "Back"],
  menu: ["Menu", "Menu"],
  theme: ["Terang atau gelap", "Light or dark"],
  behind: ["Di balik layar", "Behind the scenes"],
  messages: ["Percakapan", "Conversation"],
  earlier: ["Pesan sebelumnya", "Earlier messages"],
  toBottom: ["Ke pesan terbaru", "To the newest message"],
  empty: ["Ini bot berita yang sungguhan. Tekan MULAI untuk menyapanya.", "This is a real news bot. Press START to greet it."],
  emptyGroup: ["Belum ada yang berbicara. Coba kirim /bantuan.", "Nobody has spoken yet. Try sending /help."],
  start: ["MULAI", "START"],
  block: ["Blokir bot", "Block the bot"],
  unblock: ["Kembali ke bot", "Return to the bot"],
  blocked: ["bot ini diblokir", "this bot is blocked"],
  remove: ["Keluarkan bot dari grup", "Remove the bot from the group"],
  invite: ["Undang bot kembali", "Invite the bot again"],
  gone: ["bot tidak di sini", "the bot is not here"],
  speakAs: ["Berbicara sebagai", "Speak as"],
  commands: ["Perintah", "Commands"],
  photo: ["Kirim foto", "Send a photo"],
  aPhoto: ["foto", "photo"],
  aFile: ["berkas", "file"],
  write: ["Tulis pesan…", "Write a message…"],
  send: ["Kirim", "Send"],
  editingMessage: ["Menyunting pesan Anda", "Editing your message"],
  cancel: ["Batal", "Cancel"],
  ok: ["Baik", "OK"],
  bot: ["bot", "bot"],
  group: ["grup", "group"],
  members: ["anggota", "members", "member"],
  typing: ["sedang mengetik", "is typing"],
  edited: ["diedit", "edited"],
  spoiler: ["Tersembunyi. Tekan untuk membaca.", "Hidden. Press to read."],
  more: ["Tampilkan semua", "Show all"],
  fresh: ["Pesan baru", "New messages"],
  unread: ["belum dibaca", "unread"],
  today: ["Hari ini", "Today"],
  yesterday: ["Kemarin", "Yesterday"],
  lost: ["Sambungan terputus. Mencoba lagi…", "Connection lost. Trying again…"],
  failed: ["Tidak berhasil.", "That did not work."],
  noAnswer: ["Bot tidak menjawab.", "The bot did not answer."],
  publish: ["Terbitkan UPDATE sekarang", "Publish an UPDATE now"],
  pace: ["paling cepat {n} pesan per detik", "at most {n} messages a second"],
  unlimited: ["tanpa batas kecepatan", "without a speed limit"],
  subscribers: ["pembaca", "readers", "reader"],
  stories: ["berita", "stories", "story"],
  deliveries: ["terkirim", "delivered"],
  newest: ["Baru saja", "Just now"],
  calm: ["Tenang. Bot menunggu berita.", "All calm. The bot waits for news."],
  newStories: ["{n} berita baru dibaca", "{n} new stories read", "{n} new story read"],
  newReaders: ["{n} pembaca bergabung", "{n} readers joined", "{n} reader joined"],
  begun: ["{kind} mulai dikirim: {title}", "{kind} is going out: {title}"],
  done: ["{kind} terkirim ke {n}: {title}", "{kind} reached {n}: {title}"],
  troubled: ["Sumber {id} bermasalah", "Source {id} is in trouble"],
  recovered: ["Sumber {id} pulih", "Source {id} has recovered"],
  pushes: ["Kiriman", "Pushes"],
  sources: ["Sumber", "Sources"],
  waiting: ["Belum ada kiriman.", "No pushes yet."],
  secondsAgo: ["{n} dtk lalu", "{n} s ago"],
  never: ["belum dibaca", "not read yet"],
  running: ["berjalan", "running"],
  paused: ["dijeda", "paused"],
  finished: ["selesai", "finished"],
  cancelled: ["dibatalkan", "cancelled"],
  held: ["ditahan", "held"],
  draft: ["konsep", "draft"],
  update: ["UPDATE", "UPDATE"],
  section: ["rubrik", "section"],
  broadcast: ["siaran", "broadcast"],
  correction: ["ralat", "correction"],
  digest: ["ringkasan", "digest"],
};

// "in" is what old browsers call Indonesian.
export const locale = /^i[dn]\b/i.test(navigator.language) ? "id" : "en";
export const region = locale === "id" ? "id" : /^en\b/i.test(navigator.language) ? navigator.language : "en-GB"; // for times and numbers
export const words = Object.fromEntries(Object.entries(BOTH).map(([name, both]) => [name, both[locale === "id" ? 0 : 1]]));

// The word or sentence for `count` things: English has another for one.
export const counted = (name, count) => (locale === "en" && count === 1 && BOTH[name][2]) || words[name];

export const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, name) => values[name]);

export function translate(root) {
  document.documentElement.lang = locale;
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = words[element.dataset.word];
  for (const element of root.querySelectorAll("[data-placeholder]")) element.placeholder = words[element.dataset.placeholder];
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", words[element.dataset.label]);
    if (element.matches("button, select")) element.title = words[element.dataset.label];
  }
}
