// Package words puts letters into words: subject, text and HTML, in the language
// that the user chose. An owner may replace its templates by a folder of their
// own, which is checked when the stack is synthesized and goes with the function:
// unlike templates that are kept in Amazon SES, they change together with the
// code that fills them, and work in the local run.
//
// A folder holds <kind>.<language>.txt for each kind of letter, such as
// code.en.txt, and layout.html. The texts are of package text/template, with
// "Subject: " and the subject as their first line and paragraphs after it; they
// may use {{.Site}}, {{.Page}}, which is empty for a service without a web page,
// {{.Code}}, {{.Link}}, {{.Minutes}} and {{.When}}, and those that tell of a change
// {{.Time}}, {{.Passkey}} and {{.Last}}. The layout is of package html/template and
// gets {{.Subject}}, {{.Paragraphs}}, {{.Language}}, {{.Code}} and {{.Link}}; a code
// and a link are paragraphs of their own.
package words

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	html "html/template"
	"io/fs"
	"strings"
	"unicode"

	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
)

//go:embed templates
var embedded embed.FS

const (
	layoutFile    = "layout.html"
	subjectPrefix = "Subject: "
	timeLayout    = "2006-01-02 15:04 MST" // reads alike in every language
)

// Words are the templates of mails. They are safe for concurrent use.
type Words struct {
	texts
	site   Site
	layout *html.Template
}

// Site is the service as letters name it.
type Site struct {
	Name string
	Page string // where users sign in, such as "https://example.com"; may be empty
}

// Message is a letter in words.
type Message struct{ Subject, Text, HTML string }

// fields are what a template may use.
type fields struct {
	Site, Page, Code, Link, When, Time, Passkey, Language, Subject string

	Minutes    int
	Last       bool
	Paragraphs []string
}

// Default returns the package's own templates: English, German, French and
// Spanish. language is the one for users who have chosen none that is there.
func Default(site Site, language string) (*Words, error) {
	files, err := fs.Sub(embedded, "templates")
	if err != nil {
		return nil, err
	}
	return Load(files, site, language)
}

// Load returns the templates of a folder, or every problem of them: each letter
// must be there in the language, and each must be writable.
func Load(files fs.FS, site Site, language string) (*Words, error) {
	parsed, problems := parseTexts(files, language)
	w := &Words{texts: parsed, site: site}
	var err error
	if w.layout, err = html.New(layoutFile).ParseFS(files, layoutFile); err != nil {
		problems = append(problems, fmt.Errorf("template %s: %w", layoutFile, err))
	}
	if problems == nil {
		problems = w.check(mail.Kinds, w.try)
	}
	return w, errors.Join(problems...)
}

// try writes a letter that must hold what its user waits for.
func (w *Words) try(letter mail.Letter) error {
	message, err := w.Write(letter)
	if err != nil {
		return err
	}
	if !strings.Contains(message.Text, letter.Code+letter.Link) || !strings.Contains(message.HTML, letter.Code+letter.Link) {
		return errLost
	}
	return nil
}

// Write puts a letter into words.
func (w *Words) Write(letter mail.Letter) (Message, error) {
	language, template, err := w.choose(letter)
	if err != nil {
		return Message{}, err
	}
	f := fields{
		Site: w.site.Name, Page: w.site.Page, Language: language,
		Code: letter.Code, Link: letter.Link, Minutes: int(letter.Lifetime.Minutes()), When: letter.When.UTC().Format(timeLayout),
		Time: letter.Time.UTC().Format(timeLayout), Passkey: plain(letter.Passkey), Last: letter.Last,
	}
	var written strings.Builder
	if err := template.Execute(&written, f); err != nil {
		return Message{}, err
	}
	first, body, _ := strings.Cut(strings.ReplaceAll(written.String(), "\r\n", "\n"), "\n")
	subject, ok := strings.CutPrefix(first, subjectPrefix)
	if !ok || strings.ContainsFunc(subject, unicode.IsControl) {
		return Message{}, fmt.Errorf("its first line is %q: begin it with %q, and use no control characters", first, subjectPrefix)
	}
	body = strings.TrimSpace(body)
	f.Subject, f.Paragraphs = subject, strings.Split(body, "\n\n")
	var page strings.Builder
	if err := w.layout.Execute(&page, f); err != nil {
		return Message{}, err
	}
	return Message{Subject: subject, Text: body + "\n", HTML: page.String()}, nil
}

// plain is what somebody typed without what could make a link, a line or a
// paragraph of it: letters, digits, emoji and a few marks, of which none joins
// the parts of an address. The mail goes to one person and may hold the words of
// another, who has broken in.
func plain(typed string) string {
	const harmless = "-_'’()+&#"
	kept := strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Letter, unicode.Mark, unicode.Nd, unicode.So) || strings.ContainsRune(harmless, r) {
			return r
		}
		return ' '
	}, typed)
	return cmp.Or(strings.Join(strings.Fields(kept), " "), "Passkey")
}
