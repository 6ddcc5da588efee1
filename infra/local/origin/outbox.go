package origin

import (
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// outboxLimit is how many mails are kept.
const outboxLimit = 200

// Mail is a message that would have been sent.
type Mail struct {
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Body    string    `json:"body"`
	HTML    string    `json:"html,omitempty"` // of a mail that has both
	Kind    string    `json:"kind"`
	Code    string    `json:"code"`
	At      time.Time `json:"at"`
}

// line is one of a mail's body.
type line struct {
	Text   string
	IsLink bool // whether it is nothing but a link, to click
}

// Lines returns the lines of the body.
func (m Mail) Lines() []line {
	var lines []line
	for text := range strings.SplitSeq(m.Body, "\n") {
		isLink := strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://")
		lines = append(lines, line{text, isLink && !strings.Contains(text, " ")})
	}
	return lines
}

// Outbox keeps the latest mails and shows them, newest first: as a page, or as
// JSON when Accept names it or the query has format=json. The zero value is an
// empty outbox. It is safe for concurrent use.
type Outbox struct {
	mu    sync.Mutex
	mails []Mail // newest first
}

// Add puts a mail into the outbox.
func (o *Outbox) Add(m Mail) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mails = slices.Insert(o.mails, 0, m)
	o.mails = o.mails[:min(len(o.mails), outboxLimit)]
}

// outboxStyle is served on its own, because the policy allows no style in a page.
const outboxStyle = `:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { max-width: 42rem; margin: 2rem auto; padding: 0 1rem; }
article { margin: 1.5rem 0; padding: 1rem 1.5rem; border: 1px solid #8884; border-radius: .75rem; }
h2 { margin: 0; font-size: 1.1rem; }
article p { margin: 0; opacity: .7; }
pre { margin: 1rem 0 0; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
`

func serveOutboxStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = io.WriteString(w, outboxStyle) // a client that is gone needs no answer
}

var outboxPage = template.Must(template.New("outbox").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Outbox</title>
<link rel="stylesheet" href="/outbox.css">
<h1>Outbox</h1>
<p>Mail and text messages that would have been sent, newest first.</p>
{{range .}}
<article>
<h2>{{.Subject}}</h2>
<p>To {{.To}}, <time>{{.At.Format "2006-01-02 15:04:05"}}</time></p>
<pre>{{range .Lines}}{{if .IsLink}}<a href="{{.Text}}" target="_blank">{{.Text}}</a>{{else}}{{.Text}}{{end}}
{{end}}</pre>
</article>
{{else}}
<p>No mail yet.</p>
{{end}}
`))

// ServeHTTP implements http.Handler.
func (o *Outbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	mails := append([]Mail{}, o.mails...)
	o.mu.Unlock()
	if r.URL.Query().Get("format") != "json" && !strings.Contains(r.Header.Get("Accept"), "application/json") {
		writePage(w, outboxPage, mails)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(mails) // a client that is gone needs no answer
}
