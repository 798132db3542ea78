"""OpenGL 3.3 core through pyglet, begun once a process: with windows, or headless.

pyglet decides at its first import whether it will talk to a display or to EGL, so nothing here
imports it before a surface is opened: `GL` looks every function up at first use.
"""

import ctypes
import sys
from importlib import resources
from typing import Any, Protocol

from livematch.errors import DisplayError
from livematch.values import Image

REMEDY = (
    "Without a display, render to a file instead: --offscreen --record OUT.mp4. On Linux that "
    "needs libegl1 and, without a graphics card, libgl1-mesa-dri"
)

PER_LAYER = "layer.glsl"


class Surface(Protocol):
    """Something to draw on: a window, or a picture in memory. All methods: the thread it is of.

    One picture: `begin`, draw, perhaps `read` or record, `present`.
    """

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height in pixels of the framebuffer; may be (0, 0) while minimised."""
        ...

    @property
    def framebuffer(self) -> int:
        """The GL name of the framebuffer that is drawn to; 0 is the window itself."""
        ...

    @property
    def refresh_hz(self) -> float:
        """How many pictures a second can be shown."""
        ...

    @property
    def closed(self) -> bool:
        """Whether somebody has closed it."""
        ...

    def begin(self) -> None:
        """Make it the one that is drawn to."""
        ...

    def present(self) -> None:
        """Show what was drawn since `begin`."""
        ...

    def read(self) -> Image:
        """Return what was drawn since `begin`, before `present`: BGR, top row first."""
        ...

    def events(self) -> list[str]:
        """Return the names of the keys pressed since the last call, as in control/keys.py."""
        ...

    def toggle_fullscreen(self) -> None:
        """Change between window and whole screen, where there is a screen."""
        ...

    def close(self) -> None:
        """Give the context back; safe to call twice."""
        ...


class _Functions:
    """Every name of `pyglet.gl`, fetched at its first use and kept."""

    def __getattr__(self, name: str) -> Any:
        if "pyglet.gl" not in sys.modules:
            raise DisplayError("nothing can be drawn before a surface is opened")
        value = getattr(sys.modules["pyglet.gl"], name)
        setattr(self, name, value)
        return value


GL: Any = _Functions()


def start_pyglet(*, headless: bool) -> None:
    """Import pyglet for windows or for EGL; DisplayError when this process chose otherwise."""
    import pyglet  # noqa: PLC0415 - see the module's docstring

    if "pyglet.gl" in sys.modules and "pyglet.window" in sys.modules:
        if bool(pyglet.options.headless) != headless:
            raise DisplayError(
                "this process draws "
                + ("without a display" if pyglet.options.headless else "on a display")
                + " already; start another one for the other kind"
            )
        return
    pyglet.options.headless = headless
    pyglet.options.shadow_window = False
    pyglet.options.debug_gl = False  # a glGetError after each call would wait for the card
    try:
        import pyglet.gl  # noqa: PLC0415
        import pyglet.window  # noqa: PLC0415
    except (ImportError, AttributeError, OSError) as error:
        raise DisplayError(f"OpenGL cannot be loaded: {error}. {REMEDY}") from None


def new_context(screen: Any) -> Any:
    """Make an OpenGL 3.3 core context of its own, sharing nothing: all in it goes when it goes."""
    from pyglet.gl import Config  # noqa: PLC0415 - see the module's docstring

    config = Config(double_buffer=True, major_version=3, minor_version=3, forward_compatible=True)
    return screen.get_best_config(config).create_context(None)


def current_context() -> object:
    """Return the context being drawn to: GL objects live and die with it."""
    return sys.modules["pyglet.gl"].current_context


def renderer() -> str:
    """Say what draws, for the doctor and the bench: card or software, and the GL version."""
    info = sys.modules["pyglet.gl"].gl_info
    return f"{info.get_renderer()}, OpenGL {info.get_version_string()}"


def reads_s3tc() -> bool:
    """Whether the card reads DXT textures: nearly every one does since the patents ran out."""
    return bool(sys.modules["pyglet.gl"].gl_info.have_extension("GL_EXT_texture_compression_s3tc"))


def draws_in_software() -> bool:
    """Whether the processor draws in place of a graphics card."""
    name = str(sys.modules["pyglet.gl"].gl_info.get_renderer()).lower()
    return any(word in name for word in ("llvmpipe", "softpipe", "swrast", "software"))


def shader_source(name: str, layer: str = "") -> str:
    """Return one of the shaders of this package; LAYER in it becomes `layer`."""
    source = (resources.files("livematch.render") / "shaders" / name).read_text("utf-8")
    return source.replace("LAYER", layer) if layer else source


class Shader:
    """A linked program whose uniforms are set by name; unknown names are an error at once.

    `vertex` and `fragment` name shader files; `defines` are put under their version line. A
    fragment `layer.glsl` is taken once for each of the `layers`, which are pictures by name.
    """

    def __init__(
        self,
        vertex: str,
        fragment: tuple[str, ...],
        defines: tuple[str, ...] = (),
        layers: tuple[str, ...] = (),
    ) -> None:
        from pyglet.graphics.shader import (  # noqa: PLC0415 - see the module's docstring
            Shader as Stage,
        )
        from pyglet.graphics.shader import (  # noqa: PLC0415
            ShaderException,
            ShaderProgram,
        )

        head = "#version 330 core\n" + "".join(f"#define {name}\n" for name in defines)
        body = "\n".join(
            shader_source(name, layer)
            for name in fragment
            for layer in (layers if name == PER_LAYER else ("",))
        )
        try:
            self._program = ShaderProgram(
                Stage(head + shader_source(vertex), "vertex"), Stage(head + body, "fragment")
            )
        except ShaderException as error:
            raise DisplayError(f"{renderer()} refuses a shader: {error}") from None
        self._places: dict[str, int] = {}

    def use(self) -> None:
        """Draw with this program from here on."""
        GL.glUseProgram(self._program.id)

    def place(self, name: str) -> int:
        """Return where a uniform lies."""
        found = self._places.get(name)
        if found is None:
            found = GL.glGetUniformLocation(self._program.id, name.encode())
            if found < 0:
                raise DisplayError(f"a shader has no uniform {name!r}")
            self._places[name] = found
        return found

    def vec(self, name: str, *values: float, width: int) -> None:
        """Set a float, a vector or an array of vectors: `width` numbers each."""
        numbers = (ctypes.c_float * len(values))(*values)
        setter = (GL.glUniform1fv, GL.glUniform2fv, GL.glUniform3fv, GL.glUniform4fv)[width - 1]
        setter(self.place(name), len(values) // width, numbers)

    def sampler(self, name: str, unit: int) -> None:
        """Say which texture unit a sampler reads."""
        GL.glUniform1i(self.place(name), unit)

    def delete(self) -> None:
        """Free it, in the context it was made in."""
        self._program.delete()
