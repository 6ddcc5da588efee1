// Package people brings the people whom an owner knows from a file into the
// roster of those who may create an account.
package people

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/roster"
)

// Line is a line of a file that names somebody, or is bad.
type Line struct {
	Number   int // from 1, as an editor counts
	Identity roster.Identity
	Problems []Problem // nil: it is good
}

// Problem is why a line is bad. It holds nothing personal.
type Problem struct {
	Line   int    `json:"line"`
	Field  string `json:"field,omitempty"` // empty: the line as a whole
	Reason string `json:"reason"`          // and how to mend it
}

// ErrHeader is returned for a file that can't be read at all.
var ErrHeader = errors.New("the first line must name the columns " + roster.FieldNumber + " and " + roster.FieldEmail)

// maxLine is far above what names somebody, in bytes.
const maxLine = 64 << 10

// separators are what spreadsheets put between fields, by country.
const separators = ",;\t"

// utf8Mark and utf16Marks are what may stand before the first line.
var (
	utf8Mark   = []byte("\uFEFF")
	utf16Marks = [][]byte{{0xFE, 0xFF}, {0xFF, 0xFE}}
)

// Read reads a CSV file (RFC 4180) in UTF-8, with or without byte order mark. The
// first line names the columns: roster.FieldNumber and roster.FieldEmail, and
// perhaps others, separated by commas, semicolons or tabs. Nobody takes more than
// one line, so that a quote that is not closed spoils no other one. Empty lines are
// left out.
func Read(r io.Reader) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		f := file{lines: bufio.NewReaderSize(r, maxLine)}
		if err := f.readHeader(); err != nil {
			yield(Line{}, err)
			return
		}
		for {
			line, err := f.next()
			if errors.Is(err, io.EOF) || !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// file is a file that is being read.
type file struct {
	lines         *bufio.Reader
	read          int // lines so far
	separator     rune
	number, email int // columns
}

func (f *file) readHeader() error {
	text, _, err := f.line()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for _, mark := range utf16Marks {
		if bytes.HasPrefix(text, mark) {
			return fmt.Errorf("%w: the file is in UTF-16: save it as CSV UTF-8", ErrHeader)
		}
	}
	header := string(bytes.TrimPrefix(text, utf8Mark))
	for _, f.separator = range separators {
		names, _ := f.split(header)
		f.number, f.email = column(names, roster.FieldNumber), column(names, roster.FieldEmail)
		if f.number >= 0 && f.email >= 0 {
			return nil
		}
	}
	return fmt.Errorf("%w, each once, with commas, semicolons or tabs between them", ErrHeader)
}

// column returns which column has that name, or -1 if not exactly one has.
func column(names []string, want string) int {
	found := -1
	for i, name := range names {
		if strings.EqualFold(strings.TrimSpace(name), want) {
			if found >= 0 {
				return -1
			}
			found = i
		}
	}
	return found
}

// next returns the next line that is not empty.
func (f *file) next() (Line, error) {
	for {
		text, long, err := f.line()
		if err != nil {
			return Line{}, err
		}
		line := Line{Number: f.read}
		switch {
		case long:
			line.refuse("", fmt.Sprintf("it is longer than %d bytes: give each person a line", maxLine))
		case !utf8.Valid(text):
			line.refuse("", "it is not UTF-8: save the file as CSV UTF-8")
		default:
			fields, err := f.split(string(text))
			if err == nil && strings.TrimSpace(strings.Join(fields, "")) == "" {
				continue
			}
			f.identify(&line, fields, err)
		}
		return line, nil
	}
}

// line reads a line without its end, or says that it is too long.
func (f *file) line() (text []byte, long bool, err error) {
	text, long, err = f.lines.ReadLine()
	for more := long; more && err == nil; {
		_, more, err = f.lines.ReadLine()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, fmt.Errorf("reading line %d: %w", f.read+1, err)
	}
	f.read++
	return text, long, err
}

// split returns the fields of a line, none for an empty one.
func (f *file) split(text string) ([]string, error) {
	reader := csv.NewReader(strings.NewReader(text))
	reader.Comma, reader.FieldsPerRecord, reader.TrimLeadingSpace = f.separator, -1, f.separator != '\t'
	fields, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	return fields, err
}

// rounded is what becomes of a long number in a spreadsheet.
var rounded = regexp.MustCompile(`^[0-9]([.,][0-9]+)?E\+[0-9]+$`)

func (f *file) identify(line *Line, fields []string, malformed error) {
	switch {
	case malformed != nil:
		line.refuse("", "a quote is not closed, or stands inside a field: put the whole field in quotes, and a quote in it twice")
		return
	case len(fields) <= max(f.number, f.email):
		line.refuse("", fmt.Sprintf("it has %d of the columns that the first line names: give both %s and %s",
			len(fields), roster.FieldNumber, roster.FieldEmail))
		return
	case rounded.MatchString(strings.TrimSpace(fields[f.number])):
		line.refuse(roster.FieldNumber, "a spreadsheet has rounded it to a number such as 1.23E+11: format the column as text, and fill it again")
		return
	}
	id, err := roster.Identify(fields[f.number], fields[f.email])
	for _, problem := range problemsOf(err) {
		line.refuse(problem.Field, problem.Why)
	}
	line.Identity = id
}

// problemsOf takes the error of roster.Identify apart.
func problemsOf(err error) []*roster.FieldError {
	joined, _ := err.(interface{ Unwrap() []error }) //nolint:errorlint // the outermost error is what joins them
	if joined == nil {
		return nil
	}
	var problems []*roster.FieldError
	for _, err := range joined.Unwrap() {
		var problem *roster.FieldError
		if errors.As(err, &problem) {
			problems = append(problems, problem)
		}
	}
	return problems
}

func (l *Line) refuse(field, reason string) {
	l.Problems = append(l.Problems, Problem{Line: l.Number, Field: field, Reason: reason})
}
