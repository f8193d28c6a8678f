"""A button that takes files from the browser in parts: a notebook server drops the connection on a large message."""

from collections.abc import Callable, Mapping, Sequence

import anywidget
import traitlets

from csmetrics_core.errors import MetricError
from csmetrics_panels.data.reading import ENDINGS, LARGEST_UPLOAD, check_upload
from csmetrics_panels.screen.browser import CSS

#: Bytes in one message; notebook servers take 10 MiB.
PART = 4 * 2**20
_ESM = """
function render({ model, el }) {
  const button = document.createElement("button"), input = document.createElement("input");
  const said = document.createElement("span");
  button.type = "button"; input.type = "file"; input.style.display = "none"; said.setAttribute("role", "status");
  button.textContent = model.get("label"); button.title = model.get("help");
  input.accept = model.get("accept"); input.multiple = model.get("multiple");
  button.onclick = () => input.click();
  let taken = () => {};
  model.on("msg:custom", (message) => { if (message.taken) taken(); });
  const send = (message, parts) => new Promise((answer) => { taken = answer; model.send(message, undefined, parts); });
  input.onchange = async () => {
    const files = [...input.files];
    input.value = "";  // so that the same file can be chosen again
    if (!files.length) return;
    button.disabled = true;
    try {
      const sizes = files.map((file) => [file.name, file.size]);
      if (files.some((file) => file.size > model.get("most"))) { await send({ step: "too large", sizes }); return; }
      await send({ step: "begin" });
      for (const file of files) {
        const part = model.get("part");
        for (let at = 0; at === 0 || at < file.size; at += part) {
          said.textContent = "Sending " + file.name + ": " + Math.round((100 * at) / (file.size || 1)) + "%";
          await send({ step: "part", name: file.name }, [await file.slice(at, at + part).arrayBuffer()]);
        }
      }
      await send({ step: "end" });
    } catch (error) { said.textContent = String(error); return; }
    finally { button.disabled = false; }
    said.textContent = "";
  };
  el.classList.add("csm-upload"); el.append(button, input, said);
}
export default { render };
"""


class Upload(anywidget.AnyWidget):
    """Takes files, says how far it is, and hands them over when they are complete.

    Args:
        label: the words on the button.
        take: gets the files' bytes by name.
        refuse: hears why nothing was sent, where a file is too large.
        remark: what the tooltip says beside kinds and size.
        multiple: whether several files can be chosen.
    """

    _esm = _ESM
    _css = CSS
    label = traitlets.Unicode("").tag(sync=True)
    help = traitlets.Unicode("").tag(sync=True)
    accept = traitlets.Unicode("").tag(sync=True)
    multiple = traitlets.Bool(False).tag(sync=True)
    most = traitlets.Int(0).tag(sync=True)
    part = traitlets.Int(PART).tag(sync=True)

    def __init__(
        self, label: str, take: Callable[[Mapping[str, bytes]], None], refuse: Callable[[MetricError], None],
        remark: str = "", *, multiple: bool = False,
    ) -> None:  # fmt: skip
        takes = f"CSV, XLSX or Parquet, up to {LARGEST_UPLOAD >> 20} MB{' each' * multiple}{remark}"
        super().__init__(label=label, help=takes, accept=",".join(ENDINGS), most=LARGEST_UPLOAD, multiple=multiple)
        self.take = take
        self._refuse = refuse
        self._parts: dict[str, list[bytes]] = {}
        self.on_msg(self._told)

    def _told(self, _: object, message: dict[str, object], buffers: Sequence[memoryview]) -> None:
        self.send({"taken": True})
        step = message.get("step")
        if step == "begin":
            self._parts = {}
        elif step == "part":
            self._parts.setdefault(str(message["name"]), []).extend(map(bytes, buffers))
        elif step == "too large":
            try:
                check_upload({str(name): int(size) for name, size in message["sizes"]})  # type: ignore[attr-defined]
            except MetricError as error:
                self._refuse(error)
        elif step == "end":
            files, self._parts = self._parts, {}
            self.take({name: b"".join(parts) for name, parts in files.items()})
