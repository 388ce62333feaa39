"""What a demo team has: `freehold dev --demo` runs these in order. A seed is a use case without input."""

from datetime import timedelta

from freehold import FIRST, Emit, Now, ReadOnly, User

from .app import app
from .comments import Comments, CommentWritten, write_comment
from .numbering import Numberings
from .progress import TaskCompleted, complete_task, schedule_task
from .projects import ProjectCreated, Projects, create_project
from .tasks import Priority, Status, TaskCreated, Tasks, create_task

PLANS = {
    "Website": ("Draw the start page", "Write the price list", "Choose a typeface", "Test it on an old phone"),
    "Launch": ("Set the date", "Invite the press", "Rehearse the talk", "Order the cake"),
    "Office": ("Fix the coffee machine", "Water the plants", "Label the meeting rooms", "Find the lost key"),
}


@app.seed
def plan_projects(
    me: User,
    projects: Projects,
    tasks: Tasks,
    numberings: Numberings,
    emit: Emit[ProjectCreated | TaskCreated | TaskCompleted],
) -> None:
    """Three projects with four tasks each, the first of each mine and urgent, the last one done."""
    for name, titles in PLANS.items():
        project = create_project(name, me, projects, emit)
        made = [
            create_task(project.id, title, me=me, projects=projects, tasks=tasks, numberings=numberings, emit=emit)
            for title in titles
        ]
        made[0].assignee, made[0].priority = me.id, Priority.HIGH
        tasks.save(made[0])
        complete_task(made[-1].id, me, tasks, emit)


@app.seed
def plan_the_week(me: User, tasks: Tasks, now: Now) -> None:
    """What is mine is due one after the other, the first of it yesterday."""
    for days, task in enumerate(tasks.assigned_to(me.id, Status.TODO, FIRST), start=-1):
        schedule_task(task.id, now.date() + timedelta(days), tasks)


@app.seed
def talk_about_them(me: User, tasks: ReadOnly[Tasks], comments: Comments, emit: Emit[CommentWritten]) -> None:
    """A word about each task that is mine."""
    for task in tasks.assigned_to(me.id, Status.TODO, FIRST):
        write_comment(task.id, f"I will see to this: {task.title}.", me, tasks, comments, emit)
